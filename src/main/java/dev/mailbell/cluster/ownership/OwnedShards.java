package dev.mailbell.cluster.ownership;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The shards that this node owns, in memory. A shard is here only after its row was read with this
 * node as the owner, in the answer to the statement that took it. Safe for many threads.
 */
public final class OwnedShards {
    /**
     * @param epochs of all owned shards, also of those that are being released
     * @param begin those of which new work may begin
     * @param generation raised when everything is lost
     */
    private record State(Map<Integer, Long> epochs, Set<Integer> begin, int generation) {
        State {
            epochs = Map.copyOf(epochs);
            begin = Set.copyOf(begin);
        }
    }

    private final Set<Integer> lost = new HashSet<>();
    private volatile State state = new State(Map.of(), Set.of(), 0);

    public boolean mayBegin(int shard) {
        return state.begin.contains(shard);
    }

    public Set<Integer> begin() {
        return state.begin;
    }

    /** The epochs of all owned shards. */
    public Map<Integer, Long> epochs() {
        return state.epochs;
    }

    /** Passed to {@link #add}, which refuses what was taken before everything was lost. */
    public int generation() {
        return state.generation;
    }

    /**
     * Adds shards that were taken just now.
     *
     * @return false when everything was lost since, these shards as well
     */
    public synchronized boolean add(int generation, Map<Integer, Long> taken) {
        if (generation != state.generation) {
            return false;
        }
        Map<Integer, Long> epochs = new HashMap<>(state.epochs);
        epochs.putAll(taken);
        Set<Integer> begin = new HashSet<>(state.begin);
        begin.addAll(taken.keySet());
        state = new State(epochs, begin, generation);
        return true;
    }

    /** No new work of these shards may begin from now on. */
    public synchronized void end(Collection<Integer> shards) {
        Set<Integer> begin = new HashSet<>(state.begin);
        begin.removeAll(shards);
        state = new State(state.epochs, begin, state.generation);
    }

    /** This node does not own these shards any more. */
    public synchronized void forget(Collection<Integer> shards) {
        Map<Integer, Long> epochs = new HashMap<>(state.epochs);
        epochs.keySet().removeAll(shards);
        Set<Integer> begin = new HashSet<>(state.begin);
        begin.removeAll(shards);
        state = new State(epochs, begin, state.generation);
    }

    /** This node's row was removed: it owns nothing. */
    public synchronized void loseAll() {
        lost.addAll(state.epochs.keySet());
        state = new State(Map.of(), Set.of(), state.generation + 1);
    }

    /** What {@link #loseAll} took away since the last call. */
    public synchronized Set<Integer> drainLost() {
        Set<Integer> drained = Set.copyOf(lost);
        lost.clear();
        return drained;
    }

    /** The epochs of some of the owned shards. */
    public Map<Integer, Long> epochs(Collection<Integer> shards) {
        Map<Integer, Long> some = new HashMap<>(state.epochs);
        some.keySet().retainAll(shards);
        return some;
    }
}
