package dev.mailbell;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stops the parts that were started, the last one first. */
final class StopSequence implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StopSequence.class);

    private final Deque<Stop> stops = new ArrayDeque<>();

    interface Stop {
        void run() throws InterruptedException;
    }

    synchronized void push(Stop stop) {
        stops.push(stop);
    }

    /** A part that fails to stop does not keep the others running. */
    @Override
    public synchronized void close() {
        while (!stops.isEmpty()) {
            try {
                stops.pop().run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                LOG.warn("Interrupted while stopping");
            } catch (RuntimeException e) {
                LOG.warn("A part failed to stop", e);
            }
        }
    }
}
