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
(* Loyalty has no events of its own and is left free.                      *)
(***************************************************************************)
EXTENDS RaftSafety, TraceData, TLC

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

(* A snapshot that was durable just before a crash. *)
Snapshot(n, k) == TakeSnapshot(n, k) \/ \E t \in Terms : InstallSnapshot(n, t, k)

(* What may have gone before, unseen. *)
Unseen ==
    \/ /\ Event.name \in {"TermAdopted", "Voted", "Campaigned", "Started"}
       /\ SyncVote(Node)
    \/ /\ Event.name = "Started" \/ (Event.name = "Appended" /\ Event.cut)
       /\ \E k \in sure[Node]..Len(log[Node]) : SyncLog(Node, k)
    \/ /\ Event.name \in {"TermAdopted", "Campaigned", "Started"}
       /\ \E k \in {Min(sure[Node], Len(led[term[Node]].log))} : Acknowledge(Node, k)
    \/ /\ Event.name = "Committed" /\ role[Node] = "L"
       /\ \E m \in Server \ {Node} : term[m] = term[Node] /\ Acknowledge(m, Event.index)
    \/ Event.name = "Started" /\ Event.base > base[Node] /\ Snapshot(Node, Event.base)

(* A pre-vote has no event at whoever gives it.  It is given as soon as its giver is about to change, or the campaign
   about to begin: one more never takes anything from a campaign. *)
Giving == {g \in Server \X Server :
    /\ role[g[2]] = "P"
    /\ g[1] = Node \/ (g[2] = Node /\ Event.name = "Campaigned")
    /\ WouldVote(g[1], g[2])}
Give == LET g == CHOOSE one \in Giving : TRUE IN GrantPreVote(g[1], g[2])

Started ==
    /\ Crash(Node)
    /\ term'[Node] = Event.term
    /\ vote'[Node] = Event.vote
    /\ Len(log'[Node]) = Event.index
    /\ LastTerm(log'[Node]) = Event.lastTerm
    /\ base[Node] = Event.base
    /\ ConfOf(log'[Node]) = Event.conf

FirstStarted ==
    /\ term[Node] = 0 /\ log[Node] = <<>>
    /\ Event.term = 0 /\ Event.index = 0 /\ Event.base = 0 /\ Event.conf = FirstConf
    /\ Still

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
       \* By the snapshot that was told just before.
       \/ commit[Node] = Event.index /\ base[Node] = Event.index /\ Still
    /\ commit'[Node] = Event.index

SnapshotDurable ==
    \/ Event.installed /\ \E t \in Terms : InstallSnapshot(Node, t, Event.index)
    \/ TakeSnapshot(Node, Event.index)
    \* The log has come to have it while it was received.
    \/ Event.installed /\ Event.index <= base[Node] /\ Still

Seen ==
    CASE Event.name = "Started" -> IF Event.first THEN FirstStarted ELSE Started
      [] Event.name = "TermAdopted" -> AdoptTerm(Node, Event.term)
      [] Event.name = "Voted" -> \E a \in asked[Event.term] : a.cand = Event.vote /\ Vote(Node, Event.term, a)
      [] Event.name = "PreCampaigned" -> PreCampaign(Node) /\ Event.term = term[Node] + 1
      [] Event.name = "Campaigned" -> (Campaign(Node) \/ TransferTo(Node)) /\ term'[Node] = Event.term
      [] Event.name = "HardStateDurable" -> HardStateDurable
      [] Event.name = "BecameLeader" ->
            Win(Node) /\ term[Node] = Event.term /\ Len(log[Node]) = Event.index /\ LastTerm(log[Node]) = Event.lastTerm
      [] Event.name = "SteppedDown" -> IF role[Node] = "L" THEN StepDown(Node) ELSE Still
      [] Event.name = "Appended" -> Appended
      [] Event.name = "LogDurable" -> LogDurable
      [] Event.name = "Committed" -> Committed
      [] Event.name = "SnapshotDurable" -> SnapshotDurable /\ TermAt(log'[Node], Event.index) = Event.term
      \* What is released is in a durable snapshot.
      [] Event.name = "Compacted" ->
            Event.index <= base[Node] /\ TermAt(log[Node], Event.index) = Event.term /\ Still
      [] Event.name = "InForce" -> ConfOf(log[Node]) = Event.conf /\ Still

TraceInit == Init /\ at = 1

TraceNext ==
    /\ at <= Len(Trace)
    /\ IF Giving # {} THEN Give /\ at' = at
       ELSE \/ Seen /\ at' = at + 1
            \/ Unseen /\ at' = at

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, at>>

(* TLC must find this violated: then the whole trace is a behaviour. *)
Unfinished == at <= Len(Trace)

=============================================================================
