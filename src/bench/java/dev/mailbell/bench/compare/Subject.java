package dev.mailbell.bench.compare;

/** A program that can be measured under a load, with new servers and processes each time. */
@FunctionalInterface
public interface Subject {
    /**
     * Measures once.
     *
     * @throws dev.mailbell.bench.daemon.BenchException when it cannot be measured
     */
    Measurement run(Load load) throws InterruptedException;
}
