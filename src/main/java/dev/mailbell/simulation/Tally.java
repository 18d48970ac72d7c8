package dev.mailbell.simulation;

/** Counts how often a method was right. */
final class Tally {
    private final String name;
    private long arrivals;
    private long missed;
    private long wrong;
    private long checks;
    private long bytes;

    Tally(String name) {
        this.name = name;
    }

    /** Adds one check. */
    void add(int truth, int counted, long cost) {
        checks++;
        arrivals += truth > 0 ? 1 : 0;
        missed += truth > 0 && counted == 0 ? 1 : 0;
        wrong += truth != counted ? 1 : 0;
        bytes += cost;
    }

    /** The number of checks with a wrong count. */
    long wrong() {
        return wrong;
    }

    /** One line of the table. */
    String line() {
        double share = arrivals == 0 ? 0 : 100.0 * missed / arrivals;
        return "  %-24s %8d checks with mail, %6d missed (%5.1f %%), %6d wrong counts, %8d bytes a check"
                .formatted(name, arrivals, missed, share, wrong, bytes / Math.max(1, checks));
    }
}
