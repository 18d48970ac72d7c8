package dev.mailbell.account;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One login at one mail server, registered by a client.
 *
 * @param id UUIDv7
 * @param ref the client's own name for it, unique within the client; null for none
 * @param credential the encrypted {@link LoginSecret}
 * @param app the OAuth 2.0 app that the login names; null for none
 * @param mailboxes names in Unicode, at least one; {@code INBOX} alone for POP3
 * @param failure null while nothing is wrong
 * @param lastCheckedAt when a check last succeeded; null before the first
 */
@SuppressWarnings("ArrayRecordComponent") // ciphertext, never compared
public record Account(
        UUID id,
        UUID clientId,
        @Nullable String ref,
        String address,
        MailSettings mail,
        byte[] credential,
        @Nullable UUID app,
        List<String> mailboxes,
        WatchSettings watch,
        Map<String, String> labels,
        AccountState state,
        Instant stateSince,
        @Nullable Failure failure,
        @Nullable Instant lastCheckedAt,
        Instant createdAt,
        Instant updatedAt) {

    /** Into how many shares the accounts are cut. */
    public static final int SHARDS = 1024;

    public Account {
        mailboxes = List.copyOf(mailboxes);
        labels = Map.copyOf(labels);
        if (mailboxes.isEmpty()) {
            throw new IllegalArgumentException("an account watches at least one mailbox");
        }
    }

    /** The share of the accounts that an id belongs to, 0 to 1,023; fixed for its life. */
    public static int shardOf(UUID id) {
        // The low half of a UUIDv7 is random, the high half is time.
        return (int) (id.getLeastSignificantBits() & SHARDS - 1);
    }

    /** Whether its mail server is asked for mail. */
    public boolean isWatched() {
        return state != AccountState.PAUSED && mail.auth() != MailSettings.Auth.NONE;
    }

    public int shard() {
        return shardOf(id);
    }

    /**
     * Whether both have the same settings: each change by the client raises {@code updatedAt}.
     * State, failure and times of checks may differ, and so may a login that its provider renewed.
     */
    public boolean hasSettingsOf(Account other) {
        return id.equals(other.id)
                && updatedAt.equals(other.updatedAt)
                && isWatched() == other.isWatched();
    }

    public Account withState(AccountState newState, Instant since, @Nullable Failure newFailure) {
        return copy(credential, newState, since, newFailure, updatedAt);
    }

    /** After its client paused or resumed it. */
    public Account switched(AccountState newState, Instant now) {
        Instant changedAt = now.isAfter(updatedAt) ? now : updatedAt.plusMillis(1);
        return copy(credential, newState, now, null, changedAt);
    }

    public Account withCredential(byte[] newCredential) {
        return copy(newCredential, state, stateSince, failure, updatedAt);
    }

    /** After the owner granted the app access: an account that is not paused connects anew. */
    public Account consented(byte[] newCredential, Instant now) {
        return state == AccountState.PAUSED
                ? copy(newCredential, state, stateSince, failure, now)
                : copy(newCredential, AccountState.CONNECTING, now, null, now);
    }

    private Account copy(
            byte[] newCredential,
            AccountState newState,
            Instant since,
            @Nullable Failure newFailure,
            Instant changedAt) {
        return new Account(
                id,
                clientId,
                ref,
                address,
                mail,
                newCredential,
                app,
                mailboxes,
                watch,
                labels,
                newState,
                since,
                newFailure,
                lastCheckedAt,
                createdAt,
                changedAt);
    }
}
