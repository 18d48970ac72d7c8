package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.daemon.BenchException;
import dev.mailbell.bench.sim.Latencies;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Sends requests of one client at an even rate, one after the other, and times each. */
final class ApiProbe implements AutoCloseable {
    private final Api api;
    private final List<String> paths;
    private final long every;
    private final Latencies latencies = new Latencies();
    private final AtomicInteger refused = new AtomicInteger();
    private final Thread thread =
            Thread.ofPlatform().daemon().name("bench-api").unstarted(this::run);
    private volatile boolean ended;

    /**
     * @param paths what is asked for, in turns
     */
    ApiProbe(Api api, List<String> paths, double perSecond) {
        this.api = api;
        this.paths = paths;
        this.every = (long) (TimeUnit.SECONDS.toNanos(1) / perSecond);
        thread.start();
    }

    private void run() {
        long next = System.nanoTime();
        for (int i = 0; !ended; i++) {
            long begun = System.nanoTime();
            try {
                api.get(paths.get(i % paths.size()));
                latencies.add(begun, System.nanoTime() - begun);
            } catch (BenchException e) {
                refused.incrementAndGet();
            }
            next = Math.max(next + every, System.nanoTime() - every);
            LockSupport.parkNanos(next - System.nanoTime());
        }
    }

    Latencies latencies() {
        return latencies;
    }

    /** Requests that were not answered with success so far. */
    int refused() {
        return refused.get();
    }

    @Override
    public void close() {
        ended = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
