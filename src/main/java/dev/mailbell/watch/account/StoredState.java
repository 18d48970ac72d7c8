package dev.mailbell.watch.account;

import dev.mailbell.account.Account;

/**
 * An account's state as this node last wrote or read it.
 *
 * @param retryingAnnounced whether the event {@code account.retrying} was written
 * @param isUnknown whether the row may hold another state: the last write was not answered
 */
public record StoredState(Account account, boolean retryingAnnounced, boolean isUnknown) {
    /** A write has begun, whose answer is not known yet. */
    public StoredState unknown() {
        return new StoredState(account, retryingAnnounced, true);
    }
}
