package dev.mailbell.watch.admission;

/** What a check is for; each kind has places of its own. */
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

    /** How many of the configured places this kind has: half for the schedule, a quarter each. */
    int share(int places) {
        int quarter = Math.max(LEAST, places / 4);
        return this == SCHEDULED ? Math.max(LEAST, places - 2 * quarter) : quarter;
    }

    private static final int LEAST = 2;
}
