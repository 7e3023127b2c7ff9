------------------------------ MODULE MCRaft ------------------------------
(* What the models share: servers as values without an order of their own, so that states that differ only in who is
   who count once. *)
EXTENDS QuorateRaft, TLC

CONSTANTS s1, s2, s3, s4, s5

Three == {s1, s2, s3}
FirstThree == Three
Five == {s1, s2, s3, s4, s5}
NoOne == {}
LastTwo == {s4, s5}
FirstTwo == {s1, s2}
LastOfThree == {s3}
NoTargets == {}
GrowOrSwap == {{s1, s2, s3}, {s2, s3}, {s1}}
DownToFirst == {{s1}}
FiveTargets == {{s1, s2, s3}, {s1, s2, s3, s4, s5}, {s3, s4, s5}, {s2, s3}}

SymmetryOfThree == Permutations(Three)

(* For stories too long to be found among all others: at most one disk is behind at a time. *)
Eager == Cardinality({n \in Server : dterm[n] # term[n] \/ dvote[n] # vote[n] \/ sure[n] # Len(log[n])}) <= 1

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
