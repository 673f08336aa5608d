"""The graph of one move of a labelling: every node keeps one label or takes another."""

from .._core.jit import kernel


@kernel
def choices(label, alpha, beta):
    """What a node may keep and take: in an expansion of alpha (beta < 0), or in a swap."""
    if beta < 0:
        return label, alpha
    if label in (alpha, beta):
        return beta, alpha
    return label, label


@kernel
def set_move(data, starts, labels, weights, label_cost, alpha, beta, capacities, offsets, excess):
    """Lay out a move, the source's side being what takes its label (Kolmogorov and Zabih, 2004).

    data : (rows, W, L); starts : int64 (rows,), the first node of each row; labels : int32 (N,);
    weights : (K / 2, N), of the later arcs; label_cost : (L, L); capacities : (K, N), offsets and
    excess : (N,), of the network to fill
    """
    n_arcs, n_nodes = capacities.shape
    half = n_arcs // 2
    excess[:] = 0
    for row in range(len(starts)):
        for x in range(data.shape[1]):
            v = starts[row] + x
            keep, take = choices(labels[v], alpha, beta)
            excess[v] = data[row, x, keep] - data[row, x, take]
    for k in range(half, n_arcs):
        for v in range(n_nodes - offsets[k]):
            u = v + offsets[k]
            weight = weights[k - half, v]
            keep_v, take_v = choices(labels[v], alpha, beta)
            keep_u, take_u = choices(labels[u], alpha, beta)
            if keep_v == keep_u and take_v == take_u:
                capacities[k, v] = weight * label_cost[keep_v, take_v]
                capacities[n_arcs - 1 - k, u] = capacities[k, v]
                continue
            both_take = label_cost[take_v, take_u]
            keeps = weight * (label_cost[keep_v, keep_u] - both_take)
            v_keeps = weight * (label_cost[keep_v, take_u] - both_take)
            u_keeps = weight * (label_cost[take_v, keep_u] - both_take)
            # Half of what both cost, a whole number if that is one, within what is allowed: were
            # it all of one node's, the search trees would have far more to do.
            of_v = keeps / 2 if keeps % 2 != 1 else (keeps - 1) / 2
            of_v = min(max(of_v, keeps - u_keeps), v_keeps)
            excess[v] += of_v
            excess[u] += keeps - of_v
            capacities[k, v] = u_keeps - keeps + of_v
            capacities[n_arcs - 1 - k, u] = v_keeps - of_v


@kernel
def push_again(capacities, offsets, excess, flow):
    """Push what flowed in an earlier move, as far as arcs carry it; fill flow with capacities.

    What excess and deficits were met then need not be found anew. flow : (K / 2, N), of the later
    arcs
    """
    n_arcs, n_nodes = capacities.shape
    half = n_arcs // 2
    for k in range(half, n_arcs):
        for v in range(n_nodes - offsets[k]):
            amount = flow[k - half, v]
            flow[k - half, v] = capacities[k, v]
            if amount != 0:
                u = v + offsets[k]
                back = n_arcs - 1 - k
                amount = max(-capacities[back, u], min(capacities[k, v], amount))
                capacities[k, v] -= amount
                capacities[back, u] += amount
                excess[v] -= amount
                excess[u] += amount


@kernel
def take_labels(labels, source_side, alpha, beta):
    """Give each node the label that a move chose; return how many changed."""
    n_changed = 0
    for v in range(len(labels)):
        keep, take = choices(labels[v], alpha, beta)
        chosen = take if source_side[v] else keep
        n_changed += chosen != labels[v]
        labels[v] = chosen
    return n_changed
