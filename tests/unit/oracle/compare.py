#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""Checks the deadlocks that oracle_dump found in random machines with networkx.

usage: compare.py ORACLE_DUMP COUNT        prints TAP
"""
import json
import subprocess
import sys

import networkx as nx


def leading_writers(machine, lock):
    """Writers queued before the first waiting reader of a lock that readers hold."""
    holders = lock["holders"]
    if lock["rule"] == "or" or not holders or any(m != "read" for _, m in holders):
        return []
    queue = [t for t in machine["tasks"] if t.get("lock") == lock["id"]]
    reads = [t["since"] for t in queue if t["mode"] == "read"]
    if not reads:
        return []
    return [t["tid"] for t in queue if t["mode"] != "read" and t["since"] < min(reads)]


def wait_graph(machine):
    """Edges waiter -> blocker; node attribute `any`: one blocker is enough."""
    graph = nx.DiGraph()
    locks = {lock["id"]: lock for lock in machine["locks"]}
    for task in machine["tasks"]:
        graph.add_node(task["tid"], any=False, free=not task["asleep"])
        if "lock" not in task:
            continue
        lock = locks[task["lock"]]
        reads = task["mode"] == "read"
        blockers = [tid for tid, mode in lock["holders"] if not (reads and mode == "read")]
        if lock["rule"] == "or":
            graph.nodes[task["tid"]]["any"] = True
            graph.nodes[task["tid"]]["free"] |= not lock["complete"]
        elif reads:
            blockers += leading_writers(machine, lock)
        graph.add_edges_from((task["tid"], b) for b in blockers)
    return graph


def stuck_in(graph, nodes):
    """What is left of nodes when all others run and release what they hold."""
    left = set(nodes)
    while True:
        runs = set()
        for n in left:
            blockers = set(graph.successors(n))
            need = blockers <= left if graph.nodes[n]["any"] else blockers & left
            if graph.nodes[n]["free"] or not blockers or not need:
                runs.add(n)
        if not runs:
            return left
        left -= runs


def cores_in(graph, nodes):
    """Strongly connected sets that are stuck by themselves."""
    found = []
    for scc in nx.strongly_connected_components(graph.subgraph(nodes)):
        if len(scc) == 1 and not graph.has_edge(*(list(scc) * 2)):
            continue
        left = stuck_in(graph, scc)
        if left == scc:
            found.append(scc)
        elif left:
            found += cores_in(graph, left)
    return found


def check(machine):
    graph = wait_graph(machine)
    stuck = stuck_in(graph, graph.nodes)
    cores = cores_in(graph, stuck)
    got = {frozenset(d["members"]): d for d in machine["deadlocks"]}
    want = {frozenset(core) for core in cores}
    if set(got) != want:
        return f"deadlocks {sorted(map(sorted, got))}, networkx {sorted(map(sorted, want))}"
    in_core = set().union(*want) if want else set()
    for members, deadlock in got.items():
        sub = graph.subgraph((stuck - in_core) | members)
        behind = set().union(*(nx.ancestors(sub, m) for m in members)) - members
        if set(deadlock["behind"]) != behind:
            return f"behind {sorted(deadlock['behind'])}, networkx {sorted(behind)}"
        inner = graph.subgraph(members)
        cycle = deadlock["cycle"]
        if not all(inner.has_edge(a, b) for a, b in zip(cycle, cycle[1:] + cycle[:1])):
            return f"{cycle} is no cycle"
        # That one who could release the lock waits for it is no witness.
        others = inner.copy()
        others.remove_edges_from(
            [(n, n) for n in members if len(members) > 1 and graph.nodes[n]["any"]])
        shortest = min(
            nx.shortest_path_length(others, b, a) + 1 for a, b in others.edges
            if nx.has_path(others, b, a))
        if len(set(cycle)) != len(cycle) or len(cycle) != shortest:
            return f"cycle {cycle}, the shortest has {shortest}"
        if deadlock["nr_edges"] != inner.number_of_edges():
            return f"{deadlock['nr_edges']} edges, networkx {inner.number_of_edges()}"
    return None


def run(dump, first, count, max_tasks):
    """Returns (machines with a deadlock, complaints)."""
    out = subprocess.run([dump, str(first), str(count), str(max_tasks)], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    lines = out.splitlines()
    if len(lines) != count:
        return 0, [f"{len(lines)} machines instead of {count}"]
    with_deadlock, wrong = 0, []
    for line in lines:
        machine = json.loads(line)
        with_deadlock += bool(machine["deadlocks"])
        why = check(machine)
        if why:
            wrong.append(f"seed {machine['seed']}, {max_tasks} tasks: {why}")
    return with_deadlock, wrong


def main():
    dump, count = sys.argv[1], int(sys.argv[2])
    sizes = (5, 12, 30, 60)
    print(f"1..{len(sizes)}")
    failed = False
    for i, size in enumerate(sizes, 1):
        with_deadlock, wrong = run(dump, i * 1000003, count, size)
        if not wrong and not count / 10 < with_deadlock < count:
            wrong = [f"only {with_deadlock} of {count} machines deadlock: not worth much"]
        name = f"{count} random machines of up to {size} tasks agree with networkx"
        print(f"{'not ok' if wrong else 'ok'} {i} - oracle: {name}")
        for why in wrong[:5]:
            print(f"# {why}")
        failed |= bool(wrong)
    return failed


if __name__ == "__main__":
    sys.exit(main())
