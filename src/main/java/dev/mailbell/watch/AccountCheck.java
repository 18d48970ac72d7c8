package dev.mailbell.watch;

import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.admission.CheckKind;
import dev.mailbell.watch.admission.CheckTrigger;
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
    /** Whether a caller waits for the result. */
    boolean isOnDemand() {
        return CheckKind.of(trigger) == CheckKind.ON_DEMAND;
    }

    AccountCheck by(Deadline earlier) {
        return new AccountCheck(trigger, mailboxes, position, earlier);
    }
}
