package dev.mailbell.e2e.cluster;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** When which nodes were stopped by SIGSTOP. */
final class Freezes {
    private final List<Freeze> freezes = new CopyOnWriteArrayList<>();

    private static final class Freeze {
        private final int node;
        private final long begun = System.nanoTime();
        private volatile long ended = Long.MAX_VALUE;

        Freeze(int node) {
            this.node = node;
        }
    }

    void begin(int node) {
        freezes.add(new Freeze(node));
    }

    void end(int node) {
        long now = System.nanoTime();
        freezes.stream()
                .filter(freeze -> freeze.node == node && freeze.ended == Long.MAX_VALUE)
                .forEach(freeze -> freeze.ended = now);
    }

    /** How long of a span neither of two nodes was frozen, if it is frozen once at most. */
    long awake(int one, int other, long from, long to) {
        long awake = to - from;
        for (Freeze freeze : freezes) {
            if (freeze.node == one || freeze.node == other) {
                awake -= Math.max(0, Math.min(to, freeze.ended) - Math.max(from, freeze.begun));
            }
        }
        return awake;
    }
}
