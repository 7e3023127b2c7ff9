------------------------------ MODULE MCRaft ------------------------------
(* What the models share: servers as values without an order of their own, so that states that differ only in who is
   who count once. *)
EXTENDS RaftSafety, TLC

CONSTANTS s1, s2, s3, s4, s5

Three == {s1, s2, s3}
FirstThree == Three
Five == {s1, s2, s3, s4, s5}
NoOne == {}
LastTwo == {s4, s5}
FirstTwo == {s1, s2}
LastOfThree == {s3}
OthersOfThree == {s2, s3}
FirstOne == {s1}
GrowToTwo == {{s1, s2}}
NoTargets == {}
GrowOrSwap == {{s1, s2, s3}, {s2, s3}, {s1}}
DownToFirst == {{s1}}
FiveTargets == {{s1, s2, s3}, {s1, s2, s3, s4, s5}, {s3, s4, s5}, {s2, s3}}

SymmetryOfThree == Permutations(Three)

(* Of the appends that end at the same entry the one that begins at the first does what all do: where a later one is
   accepted, the logs agree before it (LogMatching, which holds in every state in which this is asked).  One that brings
   nothing is left out.  So exhaustive models have far fewer steps, and not one state less. *)
WholeAppends(n, t) ==
    {<<prev, last, c>> \in {0} \X (0..Len(led[t].log)) \X CommitsFor(n, led[t].commit) :
        c <= last /\ (c > 0 \/ last > proved[n] \/ t > term[n] \/ role[n] # "F" \/ heard[n] # WithLoyalty)}

(* All that the leader had when it sent it, in one append, and only to who was a member then. *)
ToMembers(n, t) == {a \in WholeAppends(n, t) : n \in Members(ConfOf(Prefix(led[t].log, a[2])))}

(* For stories too long to be found among all others: at most one disk is behind at a time. *)
Eager == Cardinality({n \in Server : dterm[n] # term[n] \/ dvote[n] # vote[n] \/ sure[n] # Len(log[n])}) <= 1

(* Beginnings at which something has happened already, so that a model is not spent on what others have looked at:
   s1 leads term t since all of the voters voted for it, with these logs, of which these parts are durable and proved
   to be the leader's; so many entries are known to be committed; before, in term 1, perhaps another has led. *)
Begun(t, logs, durable, shared, done, before) ==
    /\ role = [n \in Server |-> IF n = s1 THEN "L" ELSE "F"]
    /\ term = [n \in Server |-> t]
    /\ vote = [n \in Server |-> IF n \in InitVoters THEN s1 ELSE None]
    /\ heard = [n \in Server |-> WithLoyalty /\ n # s1 /\ shared[n] > 0]
    /\ prevotes = [n \in Server |-> {}]
    /\ log = logs
    /\ commit = [n \in Server |-> done]
    /\ proved = [n \in Server |-> IF n = s1 THEN 0 ELSE shared[n]]
    /\ dterm = term /\ dvote = vote
    /\ dlog = [n \in Server |-> Prefix(logs[n], durable[n])]
    /\ base = [n \in Server |-> 0]
    /\ sure = durable
    /\ asked = [u \in Terms |-> IF u # t THEN {}
                    ELSE {[cand |-> s1, lastTerm |-> 0, lastIndex |-> 0, transfer |-> FALSE]}]
    /\ granted = [u \in Terms |-> [c \in Server |->
            IF u = t /\ c = s1 THEN InitVoters ELSE IF u = 1 /\ u < t /\ c \in before THEN InitVoters \ {s1} ELSE {}]]
    /\ led = [u \in Terms |->
            IF u = t THEN [who |-> {s1}, log |-> logs[s1], commit |-> done]
            ELSE IF u = 1 /\ before # {} THEN [who |-> before, log |-> logs[CHOOSE n \in before : TRUE], commit |-> 0]
            ELSE NoLeader]
    /\ acked = [u \in Terms |-> [n \in Server |-> IF u = t /\ n # s1 THEN shared[n] ELSE 0]]
    /\ decided = [i \in 1..done |-> [entry |-> logs[s1][i], by |-> t]]
    /\ crashes = 0 /\ commands = 0

Each(x) == [n \in Server |-> x]

(* Everybody has the leader's first entry and knows it to be committed. *)
Led == Begun(1, Each(<<NoOp(1)>>), Each(1), Each(1), 1, {})
(* Nobody has it yet, and the leader's disk neither. *)
JustWon == Begun(1, [n \in Server |-> IF n = s1 THEN <<NoOp(1)>> ELSE <<>>], Each(0), Each(0), 0, {})
(* s3 has led before, and what it has nobody else got. *)
Rivals == Begun(2, [n \in Server |-> IF n = s1 THEN <<NoOp(2)>> ELSE IF n = s3 THEN <<NoOp(1)>> ELSE <<>>],
                [n \in Server |-> IF n = s2 THEN 0 ELSE 1], Each(0), 0, {s3})

LedSpec == Led /\ [][Next]_vars
JustWonSpec == JustWon /\ [][Next]_vars
RivalsSpec == Rivals /\ [][Next]_vars

SymmetryOfFollowers == Permutations({s2, s3})

(* Figure 3.7 of the thesis: s1 and s3 lead in turn, and s2 decides. It begins when both have led once, and each has an
   entry that nobody else has. *)
Figure37 ==
    /\ role = [n \in Server |-> "F"]
    /\ term = [n \in Server |-> IF n = s1 THEN 1 ELSE 2]
    /\ vote = [n \in Server |-> IF n = s1 THEN s1 ELSE s3]
    /\ heard = [n \in Server |-> FALSE]
    /\ prevotes = [n \in Server |-> {}]
    /\ log = [n \in Server |-> IF n = s1 THEN <<NoOp(1)>> ELSE IF n = s3 THEN <<NoOp(2)>> ELSE <<>>]
    /\ commit = [n \in Server |-> 0]
    /\ proved = [n \in Server |-> 0]
    /\ dterm = term /\ dvote = vote /\ dlog = log
    /\ base = [n \in Server |-> 0]
    /\ sure = [n \in Server |-> Len(log[n])]
    /\ asked = [t \in Terms |-> {}]
    /\ granted = [t \in Terms |-> [c \in Server |->
            IF t = 1 /\ c = s1 THEN {s1, s2} ELSE IF t = 2 /\ c = s3 THEN {s2, s3} ELSE {}]]
    /\ led = [t \in Terms |-> IF t = 1 THEN [who |-> {s1}, log |-> <<NoOp(1)>>, commit |-> 0]
                             ELSE IF t = 2 THEN [who |-> {s3}, log |-> <<NoOp(2)>>, commit |-> 0] ELSE NoLeader]
    /\ acked = [t \in Terms |-> [n \in Server |-> 0]]
    /\ decided = <<>>
    /\ crashes = 0 /\ commands = 0

InTurn == Eager /\ \A n \in Server : role[n] # "F" => (IF term[n] % 2 = 1 THEN n = s1 ELSE n = s3) /\ n # s2

Figure37Spec == Figure37 /\ [][Next]_vars
=============================================================================
