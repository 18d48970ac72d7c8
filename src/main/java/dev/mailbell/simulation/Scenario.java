package dev.mailbell.simulation;

import dev.mailbell.mail.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * The changes of a maildrop between two checks: users delete messages that they have seen, then
 * mail arrives; the figures are means.
 */
enum Scenario {
    LIGHT_USE("0.05 arrive, 0.02 deleted") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            delete(maildrop, random, 0.02, Pick.ANY);
            arrive(maildrop, random, 0.05);
        }
    },
    HEAVY_DELETES("0.5 arrive, 0.5 deleted, any of them") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            delete(maildrop, random, 0.5, Pick.ANY);
            arrive(maildrop, random, 0.5);
        }
    },
    NEWEST_DELETED_FIRST("0.3 arrive, 0.3 deleted, the newest first") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            delete(maildrop, random, 0.3, Pick.NEWEST);
            arrive(maildrop, random, 0.3);
        }
    },
    RESTORES("0.3 arrive, 0.3 deleted, 0.01 restored to where it was or to the end") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            delete(maildrop, random, 0.3, Pick.ANY);
            arrive(maildrop, random, 0.3);
            if (random.nextDouble() < 0.01 && maildrop.trashed() > 0) {
                int place =
                        random.nextBoolean()
                                ? maildrop.size()
                                : random.nextInt(maildrop.size() + 1);
                maildrop.restore(random.nextInt(maildrop.trashed()), place);
            }
        }
    },
    SLIDING_WINDOW("0.3 arrive, the oldest beyond 200 fall out") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            arrive(maildrop, random, 0.3);
            while (maildrop.size() > WINDOW) {
                maildrop.delete(0);
            }
        }
    },
    NEWEST_FIRST_SERVER("0.3 arrive at number 1, 0.3 deleted") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            delete(maildrop, random, 0.3, Pick.ANY);
            for (int count = poisson(0.3, random); count > 0; count--) {
                maildrop.arrive(0, size(random));
            }
        }
    },
    AS_MANY_DELETED_AS_ADDED("0.3 arrive, and for each one an older one is deleted") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            for (int count = poisson(0.3, random); count > 0; count--) {
                if (maildrop.size() > 0) {
                    maildrop.delete(random.nextInt(maildrop.size()));
                }
                maildrop.arrive(maildrop.size(), size(random));
            }
        }
    },
    HIDDEN_AND_RETURNED("0.3 arrive, 0.3 deleted, for a while the older half is hidden") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            delete(maildrop, random, 0.3, Pick.ANY);
            arrive(maildrop, random, 0.3);
            if (random.nextDouble() < 0.05) {
                maildrop.unhide();
            } else if (random.nextDouble() < 0.01) {
                maildrop.hide(maildrop.size() / 2);
            }
        }
    },
    UIDVALIDITY_OF_THE_CLOCK(
            "IMAP, 0.3 arrive, 0.3 deleted, another UIDVALIDITY and UIDs counted anew at each"
                    + " opening") {
        @Override
        void happen(Maildrop maildrop, RandomGenerator random) {
            delete(maildrop, random, 0.3, Pick.ANY);
            arrive(maildrop, random, 0.3);
        }

        @Override
        Protocol protocol() {
            return Protocol.IMAP;
        }

        @Override
        List<Maildrop.Message> shown(Maildrop maildrop, int check) {
            List<Maildrop.Message> shown = new ArrayList<>();
            for (Maildrop.Message message : maildrop.messages()) {
                String uid = check + "." + (shown.size() + 1);
                shown.add(new Maildrop.Message(uid, message.size()));
            }
            return shown;
        }
    };

    private static final int WINDOW = 200;
    private static final int START = 200;

    private final String description;

    Scenario(String description) {
        this.description = description;
    }

    private enum Pick {
        ANY,
        NEWEST
    }

    abstract void happen(Maildrop maildrop, RandomGenerator random);

    /** The protocol of the simulated server. */
    Protocol protocol() {
        return Protocol.POP3;
    }

    /** The messages with the UIDs that they have at this check. */
    List<Maildrop.Message> shown(Maildrop maildrop, int check) {
        return maildrop.messages();
    }

    String description() {
        return description;
    }

    /** For example {@code heavy-deletes}. */
    String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A maildrop before the first check. */
    static Maildrop begin(RandomGenerator random) {
        Maildrop maildrop = new Maildrop();
        for (int i = 0; i < START; i++) {
            maildrop.arrive(i, size(random));
        }
        return maildrop;
    }

    private static void arrive(Maildrop maildrop, RandomGenerator random, double mean) {
        for (int count = poisson(mean, random); count > 0; count--) {
            maildrop.arrive(maildrop.size(), size(random));
        }
    }

    private static void delete(Maildrop maildrop, RandomGenerator random, double mean, Pick pick) {
        for (int count = poisson(mean, random); count > 0 && maildrop.size() > 0; count--) {
            maildrop.delete(
                    pick == Pick.NEWEST ? maildrop.size() - 1 : random.nextInt(maildrop.size()));
        }
    }

    private static int size(RandomGenerator random) {
        return 1_000 + random.nextInt(60_000);
    }

    /** Knuth's algorithm, suitable for small means. */
    private static int poisson(double mean, RandomGenerator random) {
        double limit = Math.exp(-mean);
        int count = 0;
        for (double product = random.nextDouble();
                product > limit;
                product *= random.nextDouble()) {
            count++;
        }
        return count;
    }
}
