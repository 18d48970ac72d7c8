package dev.mailbell.watch.check;

import dev.mailbell.account.Account;
import dev.mailbell.account.Mailbox;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.cluster.ownership.ShardFence;
import dev.mailbell.database.FencedException;
import dev.mailbell.detection.Change;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.Envelope;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.record.ChangeRecorder;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Lets checks begin and be recorded only while this node owns the shard of their account. */
public final class FencedRecorder {
    private final ChangeRecorder recorder;
    private final Ownership ownership;

    public FencedRecorder(ChangeRecorder recorder, Ownership ownership) {
        this.recorder = recorder;
        this.ownership = ownership;
    }

    /**
     * @throws FencedException when another node may watch the account
     */
    void requireMayBegin(Account account) {
        if (!ownership.mayBegin(account.shard())) {
            throw new FencedException();
        }
    }

    /**
     * Records what a check found.
     *
     * @return the mailbox as it is now; empty when its row was changed meanwhile
     * @throws NotWatchedException when the account was changed, paused or removed meanwhile
     * @throws FencedException when another node watches it
     */
    Optional<Mailbox> record(
            WatchedAccount watched,
            Mailbox before,
            Change change,
            Supplier<KnownMessages> known,
            List<Envelope> envelopes,
            String source) {
        ShardFence fence = fence(watched, ownership);
        return recorder.record(watched.account(), before, change, known, envelopes, source, fence);
    }

    /**
     * The fence of an account under watch. Where this node has lost the shard and taken it again,
     * the fence would hold: but then the account has ended, which is asked afterwards.
     */
    public static ShardFence fence(WatchedAccount watched, Ownership ownership) {
        ShardFence fence = ownership.fence(watched.account().shard());
        if (watched.isVoid()) {
            throw new NotWatchedException();
        }
        return fence;
    }
}
