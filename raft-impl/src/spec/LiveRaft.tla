------------------------------ MODULE LiveRaft ------------------------------
(***************************************************************************)
(* That the cluster always recovers.  First anything may happen that       *)
(* QuorateRaft permits; at some moment the faults end, in whatever state   *)
(* that leaves the nodes.  From then on nobody crashes, what is sent       *)
(* arrives at last, disks finish, and election timeouts are what they are  *)
(* chosen for (thesis 3.9): longer than messages take, and random enough   *)
(* that nobody begins an election while another may still win one.         *)
(*                                                                         *)
(* No order is assumed among the steps that are left, only that one is     *)
(* taken as long as any is left (weak fairness of all of them together).   *)
(* So every schedule must end with a leader that has committed all that it *)
(* has, in a configuration that is not joint, and has told its voters.     *)
(***************************************************************************)
EXTENDS MCRaft

CONSTANT FaultyTerms \* how many terms may begin before the faults end

VARIABLE calm \* the faults are over

Anything ==
    /\ ~calm
    /\ Next
    \* Who asks for pre-votes in the last of these terms could not begin another one yet: it may as well ask later.
    /\ \A n \in Server : term'[n] <= FaultyTerms /\ (role'[n] = "P" => term'[n] < FaultyTerms)
    /\ calm' = FALSE

FaultsEnd == ~calm /\ calm' = TRUE /\ UNCHANGED vars

Leads(n) == role[n] = "L"

(* Whether m may still win the term that it stands for. *)
MayHelp(k, m) ==
    \/ k \in granted[term[m]][m]
    \/ k = m
    \/ /\ term[k] < term[m] \/ (term[k] = term[m] /\ role[k] # "L" /\ vote[k] \in {None, m})
       /\ term[k] < term[m] => role[m] = "T" \/ ~Loyal(k, m)
       /\ MayVote(k)
       /\ vote[k] = m \/ UpToDate(LastTerm(log[m]), Len(log[m]), log[k])
Hopeful(m) == IsCandidate(m) /\ IsQuorum({k \in Server : MayHelp(k, m)}, ConfOf(log[m]))

(* It is time to campaign: nobody leads, and nobody is about to. *)
Time == \A m \in Server : ~Leads(m) /\ ~Hopeful(m)

(* Whoever hears a leader goes on hearing it as long as it leads. *)
HearsNobody(n) == \A m \in led[term[n]].who : ~Leads(m) \/ term[m] # term[n]

(* All of the log of t's leader arrives, with what it knows to be committed; if n has it, nothing is left to do. *)
Hear(n, t) ==
    /\ AcceptAppend(n, t, 0, Len(led[t].log), led[t].commit)
    /\ vars' # vars

CalmStep ==
    \E n \in Server :
        \/ HearsNobody(n) /\ LosePatience(n)
        \/ Time /\ role[n] # "P" /\ PreCampaign(n)
        \/ \E c \in Server : GrantPreVote(n, c)
        \/ Time /\ Campaign(n)
        \/ SyncVote(n)
        \/ \E a \in asked[term[n]] : Vote(n, term[n], a)
        \/ \E m \in Server : \E a \in asked[term[m]] : term[m] > term[n] /\ a.cand = m /\ Vote(n, term[m], a)
        \/ \E m \in Server : AdoptTerm(n, term[m])
        \/ Win(n)
        \/ Propose(n)
        \/ \E m \in Server : Leads(m) /\ term[m] >= term[n] /\ Hear(n, term[m])
        \/ SyncLog(n, Len(log[n]))
        \/ \E k \in {j \in 1..Len(log[n]) : j > commit[n]} : Commit(n, k)
        \/ LeaveJoint(n)

Calm == calm /\ CalmStep /\ calm' = TRUE

LiveNext == [][Anything \/ FaultsEnd \/ Calm]_<<vars, calm>> /\ WF_<<vars, calm>>(Calm)
LiveSpec == Init /\ calm = FALSE /\ LiveNext
LiveJustWonSpec == JustWon /\ calm = FALSE /\ LiveNext

(* The bound of the terms must not be what ends the calm time. *)
TermsAreLeft == \A n \in Server : term[n] < MaxTerm

Settled ==
    \E n \in Server :
        LET c == ConfOf(log[n])
        IN  /\ Leads(n)
            /\ commands = MaxCommands
            /\ c.old = {}
            /\ commit[n] = Len(log[n])
            /\ \A m \in c.voters : log[m] = log[n] /\ commit[m] = commit[n]

Recovers == calm ~> Settled
=============================================================================
