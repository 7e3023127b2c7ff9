---------------------------- MODULE QuorateRaft ----------------------------
(***************************************************************************)
(* Raft as io.quorate.raft implements it: election with pre-vote and       *)
(* loyalty to a leader, votes and acknowledgements that leave only when    *)
(* they are durable, replication in which the leader counts itself like    *)
(* anybody else, commit by counting entries of the own term, joint         *)
(* membership with learners, leadership transfer, and snapshots.           *)
(*                                                                         *)
(* There is no set of messages.  Whatever a leader of a term may have sent *)
(* follows from its log in that term, which only grows; whatever a         *)
(* follower may have acknowledged follows from the furthest index that it  *)
(* did acknowledge.  So these are kept (led, acked, asked, granted), and   *)
(* "a message arrives" is a step of the receiver alone, at any later time, *)
(* any number of times, or never: loss, delay, reordering and duplication  *)
(* are all there, with far fewer states.  Where this permits more than the *)
(* real messages do, it permits more; what is proved here holds there.     *)
(*                                                                         *)
(* Likewise time: whoever listens may lose patience at any moment, and a   *)
(* leader may doubt itself at any moment.                                  *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
    Server,        \* all nodes that there ever are
    InitVoters,    \* the voters of the first configuration
    InitLearners,  \* its learners
    Targets,       \* the sets of voters that an operator may ask for
    None,          \* no node, no value
    MaxTerm,       \* bounds of the model
    MaxLog,
    MaxCommands,
    MaxCrashes,
    WithPreVote,   \* FALSE: campaigns begin at once
    WithLoyalty,   \* FALSE: nobody stands by a leader (permits more)
    WithTransfer,  \* leaders may tell a follower to campaign
    WithSnapshots,
    MayTimeOut,    \* the nodes that may ever lose patience
    StartsLed,     \* TRUE: begins with a leader whom everybody hears
    Broken         \* the deliberate faults that this model has

Faults == {"VoteBeforeDurable", "AckBeforeDurable", "CommitOldTerm", "SkipJoint", "LeaderCountsUnsynced",
           "HeartbeatUncapped", "NoPreVote", "TruncateAtPrev", "ForgetJoint",
           "IgnoreUpToDate", "InstallDropsTail", "LearnersCount", "SkipPrevCheck",
           \* These break no safety: nobody would ever lead again.
           "StrangersStayOut", "OnlyTheEmptyVote", "TermsAreNotTold", "LoyalForEver"}

ASSUME /\ Broken \subseteq Faults
       /\ InitVoters \subseteq Server /\ InitLearners \subseteq Server \ InitVoters
       /\ Targets \subseteq SUBSET Server

VARIABLES
    \* What a node has in memory.
    role,      \* "F" follower or learner, "P" pre-candidate, "C" candidate, "T" candidate whom the leader asked to
               \* be one, "L" leader
    term,
    vote,      \* for whom it voted in its term
    heard,     \* it hears the leader of its term and stands by it
    prevotes,  \* who would vote for it, as a pre-candidate
    log,       \* a sequence of entries; those up to base stand for the state that its snapshot holds
    commit,
    proved,    \* up to here the leader of its term has proved that the logs agree
    \* What its disk has.
    dterm, dvote, dlog,
    base,      \* its snapshot replaces the log up to here
    sure,      \* its log is durable up to here, and no write under way will change that
    \* What was said, and what was decided: nobody reads these but through a message.
    asked,     \* asked[t]: the candidacies of term t, with the ends of their logs
    granted,   \* granted[t][c]: who has voted for c in term t, durably
    led,       \* led[t]: the leader of t, its log in t so far, and its commit index
    acked,     \* acked[t][n]: up to where n has acknowledged the log of t's leader
    decided,   \* every committed entry, with the term in which it was committed
    crashes, commands

memory == <<role, term, vote, heard, prevotes, log, commit, proved>>
disk   == <<dterm, dvote, dlog, base, sure>>
said   == <<asked, granted, led, acked, decided>>
counts == <<crashes, commands>>
vars   == <<memory, disk, said, counts>>

Terms == 0..MaxTerm

-----------------------------------------------------------------------------
(* Small words. *)

Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a > b THEN a ELSE b
Prefix(s, n) == SubSeq(s, 1, n)
Is(fault) == fault \in Broken

(* A configuration; joint while old is not empty (thesis 4.3). *)
Conf(voters, old, learners) == [voters |-> voters, old |-> old, learners |-> learners]
FirstConf == Conf(InitVoters, {}, InitLearners)

(* An entry carries a command, nothing (a leader's first one), or a configuration. *)
NoConf == Conf({}, {}, {})
NoOp(t) == [term |-> t, kind |-> "noop", conf |-> NoConf]
Command(t) == [term |-> t, kind |-> "command", conf |-> NoConf]
Configuration(t, c) == [term |-> t, kind |-> "configuration", conf |-> c]
IsConf(e) == e.kind = "configuration"

(* The latest configuration counts, committed or not (thesis 4.1); 0 is the one of the first start. *)
ConfIndex(l) ==
    LET all == {k \in 1..Len(l) : IsConf(l[k])}
    IN  IF all = {} THEN 0 ELSE CHOOSE k \in all : \A m \in all : m <= k
ConfAt(l, k) == IF k = 0 THEN FirstConf ELSE l[k].conf
ConfOf(l) == ConfAt(l, ConfIndex(l))

Members(c) == c.voters \cup c.old \cup c.learners

(* The last configuration that n knows to be committed, and the later ones. *)
Holding(n) ==
    LET at == {0} \cup {k \in 1..Len(log[n]) : IsConf(log[n][k])}
        last == CHOOSE k \in at : k <= commit[n] /\ \A m \in at : m <= commit[n] => m <= k
    IN  {ConfAt(log[n], k) : k \in {m \in at : m >= last}}

(* Whoever a change removes may still be needed to have that change committed (thesis 4.2.2).  Learners and strangers
   never campaign. *)
MayCampaign(n) == \E c \in Holding(n) : n \in c.voters \cup c.old

(* The configurations that n knows for certain: those behind its snapshot, and the one that was in force there. *)
Known(n) == {ConfAt(log[n], ConfIndex(Prefix(log[n], base[n])))}
            \cup {log[n][k].conf : k \in {m \in base[n] + 1..Len(log[n]) : IsConf(log[n][m])}}

(* No configuration that it knows has named n, so it cannot know whether it is a member today. *)
NeverNamed(n) ==
    /\ ~Is("StrangersStayOut")
    /\ Is("OnlyTheEmptyVote") => log[n] = <<>>
    /\ \A c \in Known(n) : n \notin Members(c)

(* Who knows that it was removed stays out.  Who was never named votes for whoever asks, and the candidate counts the
   vote or not. *)
MayVote(n) == NeverNamed(n) \/ \E c \in Holding(n) : n \in Members(c)

Majority(nodes, of) == Cardinality(nodes \cap of) * 2 > Cardinality(of)

(* A joint configuration needs both majorities; learners and strangers never count. *)
IsQuorum(nodes, c) == Majority(nodes, c.voters) /\ (c.old # {} => Majority(nodes, c.old))

(* What the nodes take for a quorum; without a fault, the same. *)
TakenForQuorum(nodes, c) ==
    IF Is("LearnersCount")
    THEN Cardinality(nodes \cap Members(c)) * 2 > Cardinality(c.voters)
    ELSE IF Is("ForgetJoint") THEN Majority(nodes, c.voters) ELSE IsQuorum(nodes, c)

LastTerm(l) == IF l = <<>> THEN 0 ELSE l[Len(l)].term
TermAt(l, k) == IF k = 0 THEN 0 ELSE l[k].term

(* Whether a log that ends so is at least as good as l (thesis 3.6.1). *)
UpToDate(lastTerm, lastIndex, l) ==
    \/ Is("IgnoreUpToDate")
    \/ lastTerm > LastTerm(l)
    \/ lastTerm = LastTerm(l) /\ lastIndex >= Len(l)

NoLeader == [who |-> {}, log |-> <<>>, commit |-> 0]

(* Whether n refuses to help c to an election (thesis 4.2.3): it leads, or it hears another who does. *)
Loyal(n, c) ==
    /\ WithLoyalty
    /\ \/ role[n] = "L"
       \/ heard[n] /\ c \notin led[term[n]].who

(* The acknowledgements that n has sent once its state is this.  They speak of the term in which they leave; nothing
   leaves before the term is durable. *)
AckedWith(n, t, dt, pr, su) ==
    IF role[n] = "L" /\ term[n] = t THEN acked
    ELSE IF Is("AckBeforeDurable") THEN [acked EXCEPT ![t][n] = Max(@, pr)]
    ELSE IF dt # t THEN acked
    ELSE [acked EXCEPT ![t][n] = Max(@, Min(pr, su))]

-----------------------------------------------------------------------------
(* The beginning. *)

OneLed ==
    LET first == CHOOSE n \in InitVoters : n \notin MayTimeOut
        l == <<NoOp(1)>>
    IN  /\ role = [n \in Server |-> IF n = first THEN "L" ELSE "F"]
        /\ term = [n \in Server |-> 1]
        /\ vote = [n \in Server |-> first]
        /\ heard = [n \in Server |-> n # first]
        /\ log = [n \in Server |-> l]
        /\ commit = [n \in Server |-> 0]
        /\ proved = [n \in Server |-> IF n = first THEN 0 ELSE 1]
        /\ dterm = term /\ dvote = vote /\ dlog = log
        /\ sure = [n \in Server |-> 1]
        /\ asked = [t \in Terms |-> IF t # 1 THEN {}
                        ELSE {[cand |-> first, lastTerm |-> 0, lastIndex |-> 0, transfer |-> FALSE]}]
        /\ granted = [t \in Terms |-> [c \in Server |-> IF t = 1 /\ c = first THEN Server ELSE {}]]
        /\ led = [t \in Terms |-> IF t = 1 THEN [who |-> {first}, log |-> l, commit |-> 0] ELSE NoLeader]
        /\ acked = [t \in Terms |-> [n \in Server |-> IF t = 1 /\ n # first THEN 1 ELSE 0]]

Fresh ==
    /\ role = [n \in Server |-> "F"]
    /\ term = [n \in Server |-> 0]
    /\ vote = [n \in Server |-> None]
    /\ heard = [n \in Server |-> FALSE]
    /\ log = [n \in Server |-> <<>>]
    /\ commit = [n \in Server |-> 0]
    /\ proved = [n \in Server |-> 0]
    /\ dterm = [n \in Server |-> 0]
    /\ dvote = [n \in Server |-> None]
    /\ dlog = [n \in Server |-> <<>>]
    /\ sure = [n \in Server |-> 0]
    /\ asked = [t \in Terms |-> {}]
    /\ granted = [t \in Terms |-> [c \in Server |-> {}]]
    /\ led = [t \in Terms |-> NoLeader]
    /\ acked = [t \in Terms |-> [n \in Server |-> 0]]

Init ==
    /\ IF StartsLed THEN OneLed ELSE Fresh
    /\ prevotes = [n \in Server |-> {}]
    /\ base = [n \in Server |-> 0]
    /\ decided = <<>>
    /\ crashes = 0 /\ commands = 0

-----------------------------------------------------------------------------
(* Elections. *)

(* n hears nothing of its leader any more; or it is told that the sessions to it are gone. *)
LosePatience(n) ==
    /\ n \in MayTimeOut
    /\ ~Is("LoyalForEver")
    /\ heard[n]
    /\ heard' = [heard EXCEPT ![n] = FALSE]
    /\ UNCHANGED <<role, term, vote, prevotes, log, commit, proved, disk, said, counts>>

(* Asks whether it could win (thesis 9.6).  Learners, removed nodes and strangers never do. *)
PreCampaign(n) ==
    /\ WithPreVote
    /\ n \in MayTimeOut
    /\ role[n] # "L" /\ ~heard[n]
    /\ MayCampaign(n)
    /\ role' = [role EXCEPT ![n] = "P"]
    /\ prevotes' = [prevotes EXCEPT ![n] = {n}]
    /\ UNCHANGED <<term, vote, heard, log, commit, proved, disk, said, counts>>

(* Would n vote for c? *)
WouldVote(n, c) ==
    /\ role[c] = "P" /\ n # c /\ n \notin prevotes[c]
    /\ term[c] + 1 > term[n]
    /\ MayVote(n)
    /\ ~Loyal(n, c)
    /\ UpToDate(LastTerm(log[c]), Len(log[c]), log[n])

(* It says so.  Nothing changes at n: no term, no vote, no timer. *)
GrantPreVote(n, c) ==
    /\ WouldVote(n, c)
    /\ prevotes' = [prevotes EXCEPT ![c] = @ \cup {n}]
    /\ UNCHANGED <<role, term, vote, heard, log, commit, proved, disk, said, counts>>

BeginTerm(n, as) ==
    /\ term[n] < MaxTerm
    /\ MayCampaign(n)
    /\ term' = [term EXCEPT ![n] = @ + 1]
    /\ vote' = [vote EXCEPT ![n] = n]
    /\ role' = [role EXCEPT ![n] = as]
    /\ heard' = [heard EXCEPT ![n] = FALSE]
    /\ prevotes' = [prevotes EXCEPT ![n] = {}]
    /\ proved' = [proved EXCEPT ![n] = 0]
    /\ UNCHANGED <<log, commit, disk, said, counts>>

IsCandidate(n) == role[n] \in {"C", "T"}

(* Begins a new term and votes for itself; the requests leave when that vote is durable (see SyncVote). *)
Campaign(n) ==
    /\ IF WithPreVote /\ ~Is("NoPreVote")
       THEN role[n] = "P" /\ TakenForQuorum(prevotes[n], ConfOf(log[n]))
       ELSE n \in MayTimeOut /\ role[n] # "L" /\ ~heard[n]
    /\ BeginTerm(n, "C")

(* The leader told n to campaign at once: no pre-vote, and its voters need not be loyal (thesis 3.10).  The message may
   be old; n obeys only while it follows that leader in that term. *)
TransferTo(n) ==
    /\ WithTransfer
    /\ role[n] \in {"F", "P"}
    /\ led[term[n]].who # {} /\ n \notin led[term[n]].who
    /\ BeginTerm(n, "T")

(* Term and vote of n are durable.  Only now does its vote leave, or, if it votes for itself, its requests: after a
   restart it knows nothing else, and could vote again in the same term (thesis figure 3.1). *)
SyncVote(n) ==
    /\ dterm[n] # term[n] \/ dvote[n] # vote[n]
    /\ dterm' = [dterm EXCEPT ![n] = term[n]]
    /\ dvote' = [dvote EXCEPT ![n] = vote[n]]
    /\ IF vote[n] = None THEN UNCHANGED granted
       ELSE granted' = [granted EXCEPT ![term[n]][vote[n]] = @ \cup {n}]
    /\ IF IsCandidate(n)
       THEN asked' = [asked EXCEPT ![term[n]] = @ \cup
                {[cand |-> n, lastTerm |-> LastTerm(log[n]), lastIndex |-> Len(log[n]), transfer |-> role[n] = "T"]}]
       ELSE UNCHANGED asked
    /\ acked' = AckedWith(n, term[n], term[n], proved[n], sure[n])
    /\ UNCHANGED <<memory, dlog, base, sure, led, decided, counts>>

(* n decides to vote for the candidate of a: the first that asks in the term, with a log at least as good. *)
Vote(n, t, a) ==
    /\ a.cand # n
    /\ t >= term[n]
    /\ t > term[n] => a.transfer \/ ~Loyal(n, a.cand)
    /\ t = term[n] => role[n] # "L" /\ vote[n] = None
    /\ MayVote(n)
    /\ UpToDate(a.lastTerm, a.lastIndex, log[n])
    /\ term' = [term EXCEPT ![n] = t]
    /\ vote' = [vote EXCEPT ![n] = a.cand]
    /\ role' = [role EXCEPT ![n] = IF t > term[n] THEN "F" ELSE @]
    /\ heard' = [heard EXCEPT ![n] = IF t > term[n] THEN FALSE ELSE @]
    /\ prevotes' = [prevotes EXCEPT ![n] = IF t > term[n] THEN {} ELSE @]
    /\ proved' = [proved EXCEPT ![n] = IF t > term[n] THEN 0 ELSE @]
    /\ IF Is("VoteBeforeDurable")
       THEN granted' = [granted EXCEPT ![t][a.cand] = @ \cup {n}]
       ELSE UNCHANGED granted
    /\ UNCHANGED <<log, commit, disk, asked, led, acked, decided, counts>>

(* n learns of a higher term, from an answer or from a request that it refuses.  Terms that were said are durable. *)
AdoptTerm(n, t) ==
    /\ t > term[n]
    /\ \E m \in Server : dterm[m] >= t
    /\ ~Is("TermsAreNotTold")
    /\ term' = [term EXCEPT ![n] = t]
    /\ vote' = [vote EXCEPT ![n] = None]
    /\ role' = [role EXCEPT ![n] = "F"]
    /\ heard' = [heard EXCEPT ![n] = FALSE]
    /\ prevotes' = [prevotes EXCEPT ![n] = {}]
    /\ proved' = [proved EXCEPT ![n] = 0]
    /\ UNCHANGED <<log, commit, disk, said, counts>>

(* n has the votes of a quorum of its configuration; it begins with an entry of its own term (thesis 6.4). *)
Win(n) ==
    /\ IsCandidate(n)
    /\ n \in granted[term[n]][n]
    /\ TakenForQuorum(granted[term[n]][n], ConfOf(log[n]))
    /\ Len(log[n]) < MaxLog
    /\ role' = [role EXCEPT ![n] = "L"]
    /\ log' = [log EXCEPT ![n] = Append(@, NoOp(term[n]))]
    /\ led' = [led EXCEPT ![term[n]] = [who |-> @.who \cup {n}, log |-> log'[n], commit |-> commit[n]]]
    /\ UNCHANGED <<term, vote, heard, prevotes, commit, proved, disk, asked, granted, acked, decided, counts>>

(* It doubts itself (check-quorum), its disk is full, or it is no voter any more. *)
StepDown(n) ==
    /\ role[n] = "L"
    /\ n \in MayTimeOut
    /\ role' = [role EXCEPT ![n] = "F"]
    /\ UNCHANGED <<term, vote, heard, prevotes, log, commit, proved, disk, said, counts>>

-----------------------------------------------------------------------------
(* Replication. *)

AppendOwn(n, entry) ==
    /\ Len(log[n]) < MaxLog
    /\ log' = [log EXCEPT ![n] = Append(@, entry)]
    /\ led' = [led EXCEPT ![term[n]].log = log'[n]]
    /\ UNCHANGED <<role, term, vote, heard, prevotes, commit, proved, disk, asked, granted, acked, decided, crashes>>

Propose(n) ==
    /\ role[n] = "L"
    /\ commands < MaxCommands
    /\ commands' = commands + 1
    /\ AppendOwn(n, Command(term[n]))

(* n hears the leader of t and follows it: what every append and heartbeat does first. *)
Follow(n, t) ==
    /\ led[t].who # {} /\ n \notin led[t].who
    /\ t >= term[n]
    /\ role[n] # "L" \/ t > term[n]
    /\ term' = [term EXCEPT ![n] = t]
    /\ vote' = [vote EXCEPT ![n] = IF t > term[n] THEN None ELSE @]
    /\ role' = [role EXCEPT ![n] = "F"]
    /\ heard' = [heard EXCEPT ![n] = WithLoyalty]
    /\ prevotes' = [prevotes EXCEPT ![n] = {}]

(* The first entry of an append at which n's log disagrees; what it has in a snapshot is committed and agrees. *)
FirstConflict(n, entries, prev) ==
    LET bad == {k \in 1..Len(entries) :
                    prev + k > base[n] /\ prev + k <= Len(log[n]) /\ log[n][prev + k].term # entries[k].term}
    IN  IF bad = {} THEN 0 ELSE prev + CHOOSE k \in bad : \A m \in bad : k <= m

(* An append of t's leader: count entries after prev, with commit index c.  It cuts the log only where it disagrees:
   cutting at prev would drop what an append that this one overtook has brought, and what was acknowledged. *)
AcceptAppend(n, t, prev, count, c) ==
    LET entries == SubSeq(led[t].log, prev + 1, prev + count)
        last == prev + count
        conflict == IF Is("TruncateAtPrev") /\ Len(log[n]) > prev THEN prev + 1 ELSE FirstConflict(n, entries, prev)
        kept == IF conflict = 0 THEN log[n] ELSE Prefix(log[n], conflict - 1)
        new == IF last <= Len(kept) THEN kept ELSE kept \o SubSeq(entries, Len(kept) - prev + 1, count)
        pr == Max(IF t > term[n] THEN 0 ELSE proved[n], last)
        su == IF conflict = 0 THEN sure[n] ELSE Min(sure[n], conflict - 1)
    IN  /\ Follow(n, t)
        /\ prev <= Len(log[n])
        /\ prev <= base[n] \/ TermAt(log[n], prev) = TermAt(led[t].log, prev) \/ Is("SkipPrevCheck")
        /\ log' = [log EXCEPT ![n] = new]
        /\ proved' = [proved EXCEPT ![n] = pr]
        \* No further than this message proves: what follows may be another leader's.
        /\ commit' = [commit EXCEPT ![n] = Max(@, Min(c, last))]
        /\ sure' = [sure EXCEPT ![n] = su]
        /\ acked' = AckedWith(n, t, dterm[n], pr, su)
        /\ UNCHANGED <<dterm, dvote, dlog, base, asked, granted, led, decided, counts>>

(* A heartbeat proves nothing about logs: its commit index is capped at what n is known to share. *)
AcceptHeartbeat(n, t, c) ==
    /\ Follow(n, t)
    /\ c <= IF Is("HeartbeatUncapped") THEN Min(led[t].commit, Len(log[n])) ELSE Min(led[t].commit, acked[t][n])
    /\ commit' = [commit EXCEPT ![n] = Max(@, c)]
    /\ proved' = [proved EXCEPT ![n] = IF t > term[n] THEN 0 ELSE @]
    /\ UNCHANGED <<log, disk, said, counts>>

(* The disk of n holds its log up to k, durably; an entry that was dropped is gone from it.  A crash just after this,
   before anybody was told, is the disk that has more than the node knows. *)
SyncLog(n, k) ==
    /\ k \in sure[n]..Len(log[n])
    /\ sure' = [sure EXCEPT ![n] = k]
    /\ dlog' = [dlog EXCEPT ![n] = Prefix(log[n], k)]
    /\ <<sure', dlog'>> # <<sure, dlog>>
    /\ acked' = AckedWith(n, term[n], dterm[n], proved[n], k)
    /\ UNCHANGED <<memory, dterm, dvote, base, asked, granted, led, decided, counts>>

(* Up to where m counts for leader n. *)
Match(n, m) ==
    IF m # n THEN acked[term[n]][m]
    ELSE IF Is("LeaderCountsUnsynced") THEN Len(log[n]) ELSE sure[n]

(* n commits up to k, which a quorum has made durable, if k is of its own term (thesis figure 3.7). *)
Commit(n, k) ==
    /\ role[n] = "L"
    /\ k > commit[n]
    /\ log[n][k].term = term[n] \/ Is("CommitOldTerm")
    /\ TakenForQuorum({m \in Server : Match(n, m) >= k}, ConfOf(log[n]))
    /\ commit' = [commit EXCEPT ![n] = k]
    /\ led' = [led EXCEPT ![term[n]].commit = k]
    /\ decided' = decided \o [i \in 1..Max(0, k - Len(decided)) |->
                        [entry |-> log[n][Len(decided) + i], by |-> term[n]]]
    /\ UNCHANGED <<role, term, vote, heard, prevotes, log, proved, disk, asked, granted, acked, counts>>

-----------------------------------------------------------------------------
(* Membership (thesis 4.3). *)

(* A change: only once an entry of the own term is committed, and no other change is under way.  If the voters change,
   the next configuration is joint; otherwise one step leads there. *)
ChangeMembership(n, voters, learners) ==
    LET now == ConfOf(log[n])
        joint == voters # now.voters /\ ~Is("SkipJoint")
    IN  /\ role[n] = "L"
        /\ commit[n] > 0 /\ TermAt(log[n], commit[n]) = term[n]
        /\ ConfIndex(log[n]) <= commit[n]
        /\ now.old = {}
        /\ voters # {} /\ voters \cap learners = {}
        /\ AppendOwn(n, Configuration(term[n], Conf(voters, IF joint THEN now.voters ELSE {}, learners)))
        /\ UNCHANGED commands

(* In the models whoever votes no more goes on as a learner; one who leaves is nowhere told apart from a stranger. *)
ChangeVoters(n, voters) ==
    /\ voters # ConfOf(log[n]).voters
    /\ ChangeMembership(n, voters, (ConfOf(log[n]).learners \cup ConfOf(log[n]).voters) \ voters)

(* The joint configuration is committed: the leader leaves it, once. *)
LeaveJoint(n) ==
    LET now == ConfOf(log[n])
    IN  /\ role[n] = "L"
        /\ now.old # {}
        /\ ConfIndex(log[n]) <= commit[n]
        /\ AppendOwn(n, Configuration(term[n], Conf(now.voters, {}, now.learners)))
        /\ UNCHANGED commands

-----------------------------------------------------------------------------
(* Snapshots, and what is lost. *)

(* The disk after a snapshot up to k of log l is durable: what followed on the disk stays if it fits. *)
DiskBehind(dl, l, k) ==
    IF Len(dl) >= k /\ TermAt(dl, k) = TermAt(l, k) THEN Prefix(l, k) \o SubSeq(dl, k + 1, Len(dl)) ELSE Prefix(l, k)

(* n replaces its log up to k by the state that it has applied; the log behind it goes only when that is durable. *)
TakeSnapshot(n, k) ==
    /\ WithSnapshots
    /\ k > base[n] /\ k <= commit[n]
    /\ base' = [base EXCEPT ![n] = k]
    /\ dlog' = [dlog EXCEPT ![n] = DiskBehind(@, log[n], k)]
    /\ sure' = [sure EXCEPT ![n] = Max(@, k)]
    /\ acked' = AckedWith(n, term[n], dterm[n], proved[n], sure'[n])
    /\ UNCHANGED <<memory, dterm, dvote, asked, granted, led, decided, counts>>

(* n installs a snapshot that t's leader sent: up to k, committed there.  Entries behind it stay if they fit.  It may
   be durable only when n is in a newer term already; what is committed is, and nothing else of t is believed then. *)
InstallSnapshot(n, t, k) ==
    LET l == led[t].log
        fits == Len(log[n]) >= k /\ TermAt(log[n], k) = TermAt(l, k)
        new == IF ~fits \/ Is("InstallDropsTail") THEN Prefix(l, k)
               ELSE Prefix(l, k) \o SubSeq(log[n], k + 1, Len(log[n]))
        pr == Min(Len(new), IF t > term[n] THEN k ELSE IF t = term[n] THEN Max(proved[n], k) ELSE proved[n])
    IN  /\ WithSnapshots
        /\ k \in 1..led[t].commit
        /\ k > commit[n]
        /\ IF t >= term[n] THEN Follow(n, t)
           ELSE n \notin led[t].who /\ UNCHANGED <<role, term, vote, heard, prevotes>>
        /\ log' = [log EXCEPT ![n] = new]
        /\ base' = [base EXCEPT ![n] = k]
        /\ commit' = [commit EXCEPT ![n] = k]
        /\ proved' = [proved EXCEPT ![n] = pr]
        /\ dlog' = [dlog EXCEPT ![n] = IF Is("InstallDropsTail") THEN new ELSE DiskBehind(@, l, k)]
        /\ sure' = [sure EXCEPT ![n] = IF fits THEN Min(Max(@, k), Len(new)) ELSE k]
        /\ acked' = AckedWith(n, Max(t, term[n]), dterm[n], pr, sure'[n])
        /\ led' = IF role[n] = "L" /\ t < term[n] THEN [led EXCEPT ![term[n]].commit = Max(@, k)] ELSE led
        /\ UNCHANGED <<dterm, dvote, asked, granted, decided, counts>>

(* As kill -9 or a loss of power, and the restart: what is not on the disk was never there. *)
Crash(n) ==
    /\ crashes < MaxCrashes
    /\ crashes' = crashes + 1
    /\ role' = [role EXCEPT ![n] = "F"]
    /\ term' = [term EXCEPT ![n] = dterm[n]]
    /\ vote' = [vote EXCEPT ![n] = dvote[n]]
    /\ heard' = [heard EXCEPT ![n] = FALSE]
    /\ prevotes' = [prevotes EXCEPT ![n] = {}]
    /\ log' = [log EXCEPT ![n] = dlog[n]]
    /\ sure' = [sure EXCEPT ![n] = Len(dlog[n])]
    /\ commit' = [commit EXCEPT ![n] = base[n]]
    /\ proved' = [proved EXCEPT ![n] = 0]
    /\ UNCHANGED <<dterm, dvote, dlog, base, said, commands>>

-----------------------------------------------------------------------------

(* The appends of t's leader that n may receive.  A commit index beyond the last entry does what the last entry's
   would do, and one that n knows already does nothing. *)
CommitsFor(n, most) == {0} \cup (commit[n] + 1)..most
Appends(n, t) ==
    {<<prev, count, c>> \in (0..Len(led[t].log)) \X (0..Len(led[t].log)) \X CommitsFor(n, led[t].commit) :
        prev + count <= Len(led[t].log) /\ c <= prev + count}

(* The leaders that n may hear. *)
LedTerms(n) == {t \in term[n]..MaxTerm : led[t].who # {} /\ n \notin led[t].who}

Next ==
    \E n \in Server :
        \/ LosePatience(n)
        \/ PreCampaign(n)
        \/ \E c \in Server : GrantPreVote(n, c)
        \/ Campaign(n)
        \/ TransferTo(n)
        \/ SyncVote(n)
        \/ \E t \in term[n]..MaxTerm : \E a \in asked[t] : Vote(n, t, a)
        \/ \E t \in (term[n] + 1)..MaxTerm : AdoptTerm(n, t)
        \/ Win(n)
        \/ StepDown(n)
        \/ Propose(n)
        \/ \E t \in LedTerms(n) :
              \/ \E a \in Appends(n, t) : AcceptAppend(n, t, a[1], a[2], a[3])
              \/ \E c \in CommitsFor(n, led[t].commit) : AcceptHeartbeat(n, t, c)
        \/ WithSnapshots /\ \E t \in Terms : \E k \in (commit[n] + 1)..led[t].commit : InstallSnapshot(n, t, k)
        \/ \E k \in sure[n]..Len(log[n]) : SyncLog(n, k)
        \/ role[n] = "L" /\ \E k \in (commit[n] + 1)..Len(log[n]) : Commit(n, k)
        \/ \E voters \in Targets : ChangeVoters(n, voters)
        \/ LeaveJoint(n)
        \/ WithSnapshots /\ \E k \in (base[n] + 1)..commit[n] : TakeSnapshot(n, k)
        \/ Crash(n)

Spec == Init /\ [][Next]_vars

=============================================================================
