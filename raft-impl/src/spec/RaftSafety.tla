----------------------------- MODULE RaftSafety -----------------------------
(* What must hold of QuorateRaft, whatever happens. *)
EXTENDS QuorateRaft

TypeOK ==
    /\ \A n \in Server :
        /\ role[n] \in {"F", "P", "C", "T", "L"}
        /\ term[n] \in Terms /\ dterm[n] \in Terms /\ dterm[n] <= term[n]
        /\ vote[n] \in Server \cup {None} /\ dvote[n] \in Server \cup {None}
        /\ prevotes[n] \subseteq Server
        /\ Len(log[n]) <= MaxLog
        /\ base[n] <= commit[n] /\ commit[n] <= Len(log[n])
        /\ sure[n] <= Len(log[n]) /\ proved[n] <= Len(log[n])
        /\ sure[n] <= Len(dlog[n])

(* What a node counts on is on its disk, and what its disk would give after a restart holds its snapshot. *)
DurableIsOnDisk ==
    \A n \in Server :
        /\ Prefix(dlog[n], sure[n]) = Prefix(log[n], sure[n])
        /\ base[n] <= Len(dlog[n]) /\ base[n] <= sure[n]

(* At most one leader in a term. *)
ElectionSafety == \A t \in Terms : Cardinality(led[t].who) <= 1

(* At most one vote of a node in a term leaves it. *)
OneVote ==
    \A t \in Terms : \A c, d \in Server : c # d => granted[t][c] \cap granted[t][d] = {}

(* Two logs that have an entry of the same index and term are the same up to it: those of nodes, and those that the
   leader of a term may have sent. *)
Agree(l, m) ==
    LET same == {k \in 1..Min(Len(l), Len(m)) : l[k].term = m[k].term}
        last == CHOOSE k \in same : \A j \in same : j <= k
    IN  same = {} \/ Prefix(l, last) = Prefix(m, last)
LogMatching ==
    \A n \in Server :
        /\ \A m \in Server : Agree(log[n], log[m])
        /\ \A t \in Terms : Agree(log[n], led[t].log)

(* A leader has everything that was committed in the terms before its own. *)
LeaderCompleteness ==
    \A n \in Server : role[n] = "L" =>
        \A k \in 1..Len(decided) : decided[k].by < term[n] =>
            k <= Len(log[n]) /\ log[n][k] = decided[k].entry

(* What any node holds to be committed is what was committed, in the same place. *)
StateMachineSafety ==
    \A n \in Server :
        /\ commit[n] <= Len(decided)
        /\ \A k \in 1..commit[n] : k <= Len(log[n]) /\ log[n][k] = decided[k].entry

(* What was committed is on the disks of a quorum of a configuration that was in force, for ever: no set of crashes
   can lose it.  The quorum is asked of the configuration of whoever holds the longest committed prefix. *)
CommittedIsKept ==
    \A k \in 1..Len(decided) :
        LET having == {n \in Server : Len(dlog[n]) >= k /\ dlog[n][k] = decided[k].entry}
            newest == [i \in 1..Len(decided) |-> decided[i].entry]
            \* Entries behind the last committed configuration may already be counted by a later, uncommitted one.
            confs == {ConfOf(newest)} \cup {ConfOf(led[t].log) : t \in {u \in Terms : led[u].who # {}}}
        IN  \E c \in confs : IsQuorum(having, c)

(* Any two configurations that follow each other in a log cannot decide without a node in common. *)
QuorumsIntersect ==
    \A n \in Server :
        LET l == log[n]
            at == {0} \cup {k \in 1..Len(l) : IsConf(l[k])}
        IN  \A j \in at : \A k \in at :
                (j < k /\ ~\E m \in at : j < m /\ m < k) =>
                    \* More nodes than a quorum are one too, so it is enough to look at who is not in it.
                    \A q \in SUBSET Server : IsQuorum(q, ConfAt(l, j)) => ~IsQuorum(Server \ q, ConfAt(l, k))

(* Learners, strangers, and whoever knows that it was removed never campaign. *)
OnlyVotersCampaign ==
    \A n \in Server : role[n] \in {"P", "C", "T"} => MayCampaign(n)

(* A leader that all the others hear stays, whatever a single node that hears nothing does (for StartsLed). *)
LeaderStays == \A n \in Server : term[n] = 1

(* Term and commit index of a node go back only by a crash, and never on its disk. *)
Forward ==
    [][\A n \in Server :
        /\ dterm'[n] >= dterm[n]
        /\ dterm'[n] = dterm[n] /\ dvote[n] # None => dvote'[n] = dvote[n]
        /\ crashes' = crashes => term'[n] >= term[n] /\ commit'[n] >= commit[n]
        /\ base'[n] >= base[n]
        \* A leader only ever appends.
        /\ role[n] = "L" /\ role'[n] = "L" => Prefix(log'[n], Len(log[n])) = log[n]]_vars

=============================================================================
