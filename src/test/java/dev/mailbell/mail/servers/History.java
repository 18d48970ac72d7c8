package dev.mailbell.mail.servers;

import dev.mailbell.mail.servers.RealMailbox.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** A random history of a user's mailboxes, and how many messages are new at each check. */
public final class History {
    private static final int FEWEST = 5;
    private static final int MAX_MESSAGES = 40;
    private static final Duration LONG_AGO = Duration.ofHours(1);

    private final RealMailbox mail;
    private final Set<Step> possible;
    private final Random random;
    private final List<String> mailboxes;
    private final Map<String, Set<String>> seen = new HashMap<>();

    /**
     * @param possible the possible operations
     * @param mailboxes the checked mailboxes
     */
    public History(RealMailbox mail, Set<Step> possible, Random random, List<String> mailboxes) {
        this.mail = mail;
        this.possible = Set.copyOf(possible);
        this.random = random;
        this.mailboxes = List.copyOf(mailboxes);
    }

    /**
     * Runs one random operation and returns its name. A mailbox whose UIDs change is counted by the
     * dates of its messages, which are whole seconds: new messages in a recreated mailbox are dated
     * today, and only INBOX, whose messages are older, is reindexed.
     */
    public String step() {
        String mailbox = mailboxes.get(random.nextInt(mailboxes.size()));
        int dice = random.nextInt(20);
        if (dice == 0 && !mailbox.equals(RealMailbox.INBOX) && can(Step.RECREATE)) {
            mail.recreate(mailbox);
            mail.deliver(mailbox, random.nextInt(4), Instant.now());
            return "made anew: " + mailbox;
        }
        if (dice == 1 && mailbox.equals(RealMailbox.INBOX) && can(Step.REINDEX)) {
            mail.reindex(mailbox);
            return "indexed anew: " + mailbox;
        }
        return comeAndGo(mailbox);
    }

    private String comeAndGo(String mailbox) {
        List<String> present = new ArrayList<>(mail.messages(mailbox));
        int removed = 0;
        int removals = can(Step.REMOVE) ? random.nextInt(4) : 0;
        for (int i = removals; i > 0 && present.size() > FEWEST; i--) {
            mail.remove(mailbox, present.remove(random.nextInt(present.size())));
            removed++;
        }
        int moved = 0;
        if (can(Step.MOVE) && random.nextInt(4) == 0 && !present.isEmpty()) {
            mail.moveAwayAndBack(mailbox, present.remove(random.nextInt(present.size())));
            moved++;
        }
        if (can(Step.FLAG) && random.nextInt(3) == 0 && !present.isEmpty()) {
            mail.flag(mailbox, present.remove(random.nextInt(present.size())));
        }
        int arrived = present.size() < MAX_MESSAGES ? random.nextInt(4) : 0;
        mail.deliver(mailbox, arrived, Instant.now().minus(LONG_AGO));
        return "%d came, %d removed, %d moved away and back: %s"
                .formatted(arrived, removed, moved, mailbox);
    }

    private boolean can(Step step) {
        return possible.contains(step);
    }

    /** How many messages a check of this mailbox finds now that no earlier check has found. */
    public int unseen(String mailbox) {
        Set<String> before = seen.computeIfAbsent(mailbox, any -> new HashSet<>());
        int count = 0;
        for (String message : mail.messages(mailbox)) {
            count += before.add(message) ? 1 : 0;
        }
        return count;
    }
}
