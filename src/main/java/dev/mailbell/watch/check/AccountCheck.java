package dev.mailbell.watch.check;

import dev.mailbell.account.Account;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckTrigger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one check reads and why.
 *
 * @param mailboxes their names, in the order in which they are read
 * @param position what the client says of its position in the one mailbox; null for nothing
 * @param deadline by which the mail server must have answered everything
 */
record AccountCheck(
        CheckTrigger trigger,
        List<String> mailboxes,
        @Nullable PositionUpdate position,
        Deadline deadline) {
    /** All mailboxes of an account; the one that stays open is the last. */
    static List<String> openLast(Account account) {
        List<String> names = account.mailboxes();
        List<String> ordered = new ArrayList<>(names.subList(1, names.size()));
        ordered.add(names.getFirst());
        return ordered;
    }

    /** Whether a caller waits for the result. */
    boolean isOnDemand() {
        return CheckKind.of(trigger) == CheckKind.ON_DEMAND;
    }

    AccountCheck by(Deadline earlier) {
        return new AccountCheck(trigger, mailboxes, position, earlier);
    }
}
