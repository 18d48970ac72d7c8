package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Meter;
import dev.mailbell.bench.sim.Latencies;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/** The latency and the CPU of each second of a phase, to see when a disturbance acts. */
final class EachSecond {
    private final Meter meter;
    private final List<Sample> samples = new ArrayList<>();
    private final Thread thread;

    private record Sample(long nanoTime, Meter.Cpu cpu) {}

    private EachSecond(Meter meter, int seconds) {
        this.meter = meter;
        thread = Thread.ofPlatform().daemon().name("bench-meter").start(() -> measure(seconds));
    }

    /** Samples the CPU from now on, once a second. */
    static EachSecond begin(Meter meter, int seconds) {
        return new EachSecond(meter, seconds);
    }

    private void measure(int seconds) {
        long begun = System.nanoTime();
        for (int i = 0; i <= seconds; i++) {
            long at = begun + TimeUnit.SECONDS.toNanos(i);
            for (long left = at - System.nanoTime(); left > 0; left = at - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            samples.add(new Sample(System.nanoTime(), meter.cpu()));
        }
    }

    /**
     * Prints a line for each second, once the phase is over.
     *
     * @param which mailboxes' mail
     */
    void print(Latencies latencies, IntPredicate which) throws InterruptedException {
        thread.join();
        System.err.println(
                "second  mails  p50 ms  p95 ms  longest  CPU s: daemon  database  bench");
        for (int i = 1; i < samples.size(); i++) {
            Sample from = samples.get(i - 1);
            Sample to = samples.get(i);
            Latencies.Sorted mails = latencies.between(from.nanoTime(), to.nanoTime(), which);
            Meter.Cpu cpu = to.cpu().minus(from.cpu());
            System.err.printf(
                    "%6d %6d %7.1f %7.1f %8.1f %14.2f %9.2f %6.2f%n",
                    i,
                    mails.size(),
                    mails.percentile(0.5),
                    mails.percentile(0.95),
                    mails.percentile(1),
                    cpu.daemon(),
                    cpu.postgresql(),
                    cpu.bench());
        }
    }
}
