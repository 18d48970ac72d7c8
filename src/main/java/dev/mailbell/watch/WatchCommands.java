package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.Mailbox;
import dev.mailbell.database.FencedException;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.Protocol;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.AccountStatus;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.CheckedMailbox;
import dev.mailbell.watch.history.PastCheck;
import dev.mailbell.watch.schedule.PollingPolicy;
import dev.mailbell.watch.shard.ChangedAccounts;
import dev.mailbell.watch.shard.NewlyRegistered;
import dev.mailbell.watch.shard.ShardLoader;
import dev.mailbell.watch.shard.WatchedAccounts;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** What other parts ask of the watch of this node. */
final class WatchCommands implements Watch {
    private final WatchedAccounts accounts;
    private final NewlyRegistered registered;
    private final ChangedAccounts changes;
    private final ShardLoader shards;
    private final OnDemandChecks onDemand;
    private final TracedChecks traces;
    private final CheckSchedule schedule;
    private final PollingPolicy policy;
    private final BooleanSupplier active;
    private final InstantSource clock;

    /**
     * @param active whether this node may connect to mail servers
     */
    WatchCommands(
            WatchedAccounts accounts,
            NewlyRegistered registered,
            ChangedAccounts changes,
            ShardLoader shards,
            OnDemandChecks onDemand,
            TracedChecks traces,
            CheckSchedule schedule,
            PollingPolicy policy,
            BooleanSupplier active,
            InstantSource clock) {
        this.accounts = accounts;
        this.registered = registered;
        this.changes = changes;
        this.shards = shards;
        this.onDemand = onDemand;
        this.traces = traces;
        this.schedule = schedule;
        this.policy = policy;
        this.active = active;
        this.clock = clock;
    }

    @Override
    public void watch(Account account) {
        accounts.watch(account);
    }

    @Override
    public void watchNew(List<Account> fresh) {
        registered.watch(fresh);
    }

    @Override
    public void changed(Collection<UUID> accountIds) {
        changes.changed(accountIds);
    }

    @Override
    public void allChanged() {
        changes.changed(ids());
        // Finds those that were registered.
        shards.readAllAgain();
    }

    private List<UUID> ids() {
        return accounts.all().stream().map(WatchedAccount::account).map(Account::id).toList();
    }

    @Override
    public void mayHaveFailedOver() {
        accounts.all().forEach(WatchedAccount::marksMayDiffer);
        changes.mayBeOlder(ids());
        // Finds those whose removal or pause was lost.
        shards.readAllAgain();
    }

    @Override
    public void forget(UUID accountId) {
        accounts.forget(accountId);
    }

    @Override
    public void forgetClient(UUID clientId) {
        accounts.forgetClient(clientId);
    }

    @Override
    public Deadline deadline() {
        return onDemand.deadline();
    }

    @Override
    public List<CheckedMailbox> check(Account account, Deadline deadline) {
        return ofThisNode(account, watched -> onDemand.check(watched, deadline));
    }

    @Override
    public Traced trace(Account account, boolean anew, Deadline deadline) {
        return ofThisNode(account, watched -> traces.trace(watched, anew, deadline));
    }

    @Override
    public List<PastCheck> pastChecks(UUID accountId) {
        return accounts.find(accountId)
                .map(watched -> watched.history().latest())
                .orElse(List.of());
    }

    @Override
    public Mailbox position(
            Account account, String mailbox, PositionUpdate update, Deadline deadline) {
        return ofThisNode(
                account, watched -> onDemand.position(watched, mailbox, update, deadline));
    }

    /**
     * @throws NotWatchedException when another node watches the account, perhaps since the command
     *     began
     * @throws FencedException when this node may not connect to any mail server
     */
    private <T> T ofThisNode(Account account, Function<WatchedAccount, T> command) {
        try {
            return command.apply(require(account));
        } catch (FencedException fenced) {
            // Of the account's shard alone, unless this node may do nothing at all.
            throw active.getAsBoolean() ? new NotWatchedException() : fenced;
        }
    }

    /** An account whose shard was taken just now may not be read yet. */
    private WatchedAccount require(Account account) {
        Optional<WatchedAccount> watched = accounts.find(account.id());
        if (watched.isEmpty() && shards.watches(account.shard())) {
            changes.changed(List.of(account.id()));
            watched = accounts.find(account.id());
        }
        return watched.orElseThrow(NotWatchedException::new);
    }

    @Override
    public Verified verify(Account account, LoginSecret secret, Deadline deadline) {
        return onDemand.verify(account, secret, deadline);
    }

    @Override
    public Optional<Live> live(UUID accountId) {
        return accounts.find(accountId).map(this::live);
    }

    private Live live(WatchedAccount watched) {
        AccountStatus status = watched.status();
        long dueIn = schedule.dueIn(watched);
        Instant next =
                dueIn == Long.MAX_VALUE
                        ? null
                        : clock.instant()
                                .truncatedTo(ChronoUnit.MILLIS)
                                .plusMillis(Math.max(0, dueIn) / 1_000_000);
        Proof proof = status.proof();
        return new Live(
                status.mode(),
                proof == null ? null : proof.wireName(),
                status.lastCheckedAt(),
                next,
                status.mode() == null ? null : reason(watched));
    }

    private ModeReason reason(WatchedAccount watched) {
        if (watched.status().pushing()) {
            return ModeReason.PUSHED;
        }
        if (watched.account().mail().protocol() == Protocol.POP3) {
            return ModeReason.PROTOCOL;
        }
        if (!policy.push(watched.account())) {
            return ModeReason.SWITCHED_OFF;
        }
        return watched.adaptive().wasPushRefused() ? ModeReason.REFUSED : ModeReason.NOT_OFFERED;
    }
}
