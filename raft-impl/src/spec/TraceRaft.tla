----------------------------- MODULE TraceRaft -----------------------------
(***************************************************************************)
(* Whether a run of the implementation is a behaviour of QuorateRaft,      *)
(* after Cirstea, Kuppe, Loillier and Merz, "Validating Traces of          *)
(* Distributed Programs Against TLA+ Specifications" (2024).               *)
(*                                                                         *)
(* Each event of the trace permits only the steps of the specification     *)
(* that it can stand for, and demands what it says of the state after it.  *)
(* What the implementation does without an event (an acknowledgement of    *)
(* what was there already, a write whose completion was never told) may    *)
(* happen where it matters, as a step between two events.  The trace is a  *)
(* behaviour if its end can be reached: TLC must find Unfinished violated. *)
(* Pre-votes and loyalty have no events of their own and are left free.    *)
(***************************************************************************)
EXTENDS QuorateRaft, TraceData, TLC

VARIABLE at \* the next event

Event == Trace[at]
Node == Event.node

Still == UNCHANGED vars

(* Whether n's log and that of the leader of its term agree up to k. *)
SharesWithLeader(n, k) ==
    LET l == led[term[n]].log
    IN  led[term[n]].who # {} /\ k <= Len(l) /\ k <= Len(log[n]) /\ k > 0 /\ l[k] = log[n][k]

(* n acknowledges what it shares with its leader, although nothing changes in its log. *)
Acknowledge(n, k) ==
    /\ SharesWithLeader(n, k)
    /\ acked[term[n]][n] < k
    /\ dterm[n] = term[n]
    /\ AcceptAppend(n, term[n], k, 0, 0)

(* What may have gone before, unseen. *)
Unseen ==
    \/ /\ Event.name \in {"TermAdopted", "Voted", "Campaigned", "Started"}
       /\ SyncVote(Node)
    \/ /\ Event.name = "Started" \/ (Event.name = "Appended" /\ Event.cut)
       /\ \E k \in 0..Len(log[Node]) : SyncLog(Node, k)
    \/ /\ Event.name \in {"TermAdopted", "Campaigned"}
       /\ \E k \in {Min(sure[Node], Len(led[term[Node]].log))} : Acknowledge(Node, k)
    \/ /\ Event.name = "Committed" /\ role[Node] = "L"
       /\ \E m \in Server \ {Node} : term[m] = term[Node] /\ Acknowledge(m, Event.index)

Started ==
    /\ Crash(Node)
    /\ term'[Node] = Event.term
    /\ vote'[Node] = Event.vote
    /\ Len(log'[Node]) = Event.index
    /\ LastTerm(log'[Node]) = Event.lastTerm

FirstStarted == term[Node] = 0 /\ log[Node] = <<>> /\ Event.term = 0 /\ Event.index = 0 /\ Still

HardStateDurable ==
    \/ term[Node] = Event.term /\ vote[Node] = Event.vote /\ SyncVote(Node)
    \* Told late: the node was in a newer state already, or it was written together with what came after it.
    \/ /\ dterm[Node] > Event.term \/ (dterm[Node] = Event.term /\ Event.vote \in {None, dvote[Node]})
       /\ Still

Appended ==
    /\ \/ /\ role[Node] = "L" /\ Event.index = Len(log[Node]) + 1 /\ ~Event.cut
          /\ \/ Event.kind = "command" /\ Propose(Node)
             \/ /\ Event.kind = "configuration"
                /\ \/ ChangeMembership(Node, Event.conf.voters, Event.conf.learners)
                   \/ LeaveJoint(Node)
       \/ role[Node] = "L" /\ Event.index = Len(log[Node]) /\ Event.kind = "noop" /\ Still
       \/ /\ role[Node] # "L"
          /\ Event.index <= Len(led[term[Node]].log)
          /\ AcceptAppend(Node, term[Node], Event.index - 1, 1, 0)
    /\ Len(log'[Node]) = Event.index
    /\ log'[Node][Event.index].term = Event.term
    /\ log'[Node][Event.index].kind = Event.kind
    /\ log'[Node][Event.index].conf = Event.conf

LogDurable ==
    \/ SyncLog(Node, Event.index)
    \/ sure[Node] = Event.index /\ Still

Committed ==
    /\ \/ Commit(Node, Event.index)
       \/ /\ role[Node] # "L"
          /\ Event.index <= led[term[Node]].commit
          /\ AcceptAppend(Node, term[Node], Event.index, 0, Event.index)
    /\ commit'[Node] = Event.index

Seen ==
    CASE Event.name = "Started" -> IF Event.first THEN FirstStarted ELSE Started
      [] Event.name = "TermAdopted" -> AdoptTerm(Node, Event.term)
      [] Event.name = "Voted" -> \E a \in asked[Event.term] : a.cand = Event.vote /\ Vote(Node, Event.term, a)
      [] Event.name = "Campaigned" -> Campaign(Node) /\ term'[Node] = Event.term
      [] Event.name = "HardStateDurable" -> HardStateDurable
      [] Event.name = "BecameLeader" ->
            Win(Node) /\ term[Node] = Event.term /\ Len(log[Node]) = Event.index /\ LastTerm(log[Node]) = Event.lastTerm
      [] Event.name = "SteppedDown" -> IF role[Node] = "L" THEN StepDown(Node) ELSE Still
      [] Event.name = "Appended" -> Appended
      [] Event.name = "LogDurable" -> LogDurable
      [] Event.name = "Committed" -> Committed

TraceInit == Init /\ at = 1

TraceNext ==
    /\ at <= Len(Trace)
    /\ \/ Seen /\ at' = at + 1
       \/ Unseen /\ at' = at

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, at>>

(* TLC must find this violated: then the whole trace is a behaviour. *)
Unfinished == at <= Len(Trace)

=============================================================================
