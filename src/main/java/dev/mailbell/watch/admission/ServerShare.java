package dev.mailbell.watch.admission;

/**
 * How a mail server (host and port) has answered the checks of one client lately, which decides how
 * many of them run at once. For one thread at a time.
 */
final class ServerShare {
    /** So many checks in a row without a success: the server fails, not a single account. */
    private static final int FAILING_AFTER = 3;

    /** So many checks in a row without an answer: the server is silent, and is probed. */
    private static final int SILENT_AFTER = 3;

    /** How the last checks went. */
    enum Grade {
        /** The last one succeeded, or only a few have failed since. */
        WELL,
        /** None has ended yet that says anything of the server. */
        NEW,
        /** They fail. */
        FAILING
    }

    private final CheckedServer server;
    private Grade grade = Grade.NEW;
    private int failures;
    private int silences;
    private int checks;

    ServerShare(CheckedServer server) {
        this.server = server;
    }

    CheckedServer server() {
        return server;
    }

    Grade grade() {
        return grade;
    }

    /** Whether it is left to one check at a time to find out whether the server answers again. */
    boolean isSilent() {
        return silences >= SILENT_AFTER;
    }

    /** How many of the permits of a kind checks of the server may hold at once. */
    int permits(int all) {
        if (isSilent()) {
            return 1;
        }
        return switch (grade) {
            case WELL -> most(all);
            case NEW -> Math.max(1, all / 4);
            case FAILING -> Math.max(1, all / 8);
        };
    }

    /** How many of the permits of a kind checks of one server may hold, those of all clients. */
    static int most(int all) {
        return (all + 1) / 2;
    }

    /** Whether no check runs or waits, and nothing is known that is worth keeping. */
    boolean isForgettable() {
        return checks == 0 && grade == Grade.NEW;
    }

    boolean isUnused() {
        return checks == 0;
    }

    /** One more check waits or runs, or one less. */
    void checks(int change) {
        checks += change;
    }

    void ended(CheckPermit.Ended how) {
        switch (how) {
            case SUCCEEDED -> {
                grade = Grade.WELL;
                failures = 0;
                silences = 0;
            }
            case ANSWERED -> silences = 0;
            case FAILED -> failed(0);
            case SILENT -> failed(silences + 1);
            case UNKNOWN -> {
                // It says nothing of the server.
            }
        }
    }

    private void failed(int silent) {
        silences = silent;
        failures++;
        if (grade == Grade.NEW || failures >= FAILING_AFTER) {
            grade = Grade.FAILING;
        }
    }
}
