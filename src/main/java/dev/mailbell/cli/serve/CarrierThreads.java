package dev.mailbell.cli.serve;

/**
 * The platform threads that run virtual threads. A virtual thread that computes keeps its carrier
 * until it blocks. With one carrier for each core, which is Java's default, a few long computations
 * delay every other virtual thread. With two, the operating system shares the cores among them, and
 * with the compiler's threads.
 */
final class CarrierThreads {
    /** Java reads it when it starts the first virtual thread. */
    private static final String PARALLELISM = "jdk.virtualThreadScheduler.parallelism";

    private static final int FOR_EACH_CORE = 2;

    private CarrierThreads() {}

    /** Called before the first virtual thread starts. The operator's own number stays. */
    static void choose() {
        if (System.getProperty(PARALLELISM) == null) {
            int cores = Runtime.getRuntime().availableProcessors();
            System.setProperty(PARALLELISM, Integer.toString(FOR_EACH_CORE * cores));
        }
    }
}
