package dev.mailbell.watch.admission;

/** What a check is for; each kind has permits of its own. */
public enum CheckKind {
    /** Due by the schedule. */
    SCHEDULED,
    /** Of an account whose session waits for push. */
    PUSHED,
    /** Asked for by a request of the API. */
    ON_DEMAND;

    public static CheckKind of(CheckTrigger source) {
        return switch (source) {
            case POLL -> SCHEDULED;
            case IDLE, SAFETY -> PUSHED;
            case CHECK, POSITION -> ON_DEMAND;
        };
    }

    /** How many of the configured permits this kind has: half for the schedule, a quarter each. */
    int share(int permits) {
        int quarter = Math.max(LEAST, permits / 4);
        return this == SCHEDULED ? Math.max(LEAST, permits - 2 * quarter) : quarter;
    }

    private static final int LEAST = 2;
}
