package dev.mailbell.bench.compare;

/** Somebody who can be measured under a load, with fresh servers and processes each time. */
@FunctionalInterface
public interface Subject {
    /**
     * Measures once.
     *
     * @throws dev.mailbell.bench.daemon.BenchException when it cannot be measured
     */
    Measured run(Load load) throws InterruptedException;
}
