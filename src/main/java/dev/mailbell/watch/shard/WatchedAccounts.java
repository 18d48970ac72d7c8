package dev.mailbell.watch.shard;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.AccountStateTable.Stored;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.Mailbox;
import dev.mailbell.database.Database;
import dev.mailbell.fairness.KnownClients;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.CheckSchedule;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.record.CredentialResolver;
import dev.mailbell.watch.schedule.CheckOutcome;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The accounts under watch, by their ids: those of the shards that {@link ShardLoader} holds. Each
 * way in ends by asking whether the shard was held all the while: a release that did not see the
 * account must not leave it behind.
 */
public final class WatchedAccounts implements ShardLoader.Target {
    private final Map<UUID, WatchedAccount> accounts = new ConcurrentHashMap<>();
    private final Endings endings = new Endings();

    /** How many accounts of the shards taken last have not ended their first check. */
    private volatile AtomicInteger starting = new AtomicInteger();

    private final TouchedAccounts touched = new TouchedAccounts();

    private final AccountStore table;
    private final ShardLoader shards;
    private final CheckSchedule schedule;
    private final CredentialResolver credentials;
    private final KnownClients known;
    private final InstantSource clock;
    private final Successors successors;

    public WatchedAccounts(
            AccountStore table,
            ShardLoader shards,
            CheckSchedule schedule,
            CredentialResolver credentials,
            KnownClients known,
            InstantSource clock,
            LongSupplier nanoTime) {
        this.table = table;
        this.shards = shards;
        this.schedule = schedule;
        this.credentials = credentials;
        this.known = known;
        this.clock = clock;
        this.successors = new Successors(endings, nanoTime);
    }

    /** Begins to watch an account, or applies its change; nothing where another node watches it. */
    public void watch(Account account) {
        put(account.id(), () -> present(account), false);
    }

    /** The table has an account otherwise than it is watched, or not at all. */
    void readAgain(UUID accountId) {
        put(accountId, () -> table.findInUse(accountId), true);
    }

    /**
     * @param row reads the account: of two changes at once the later may be reported first
     * @param keeps whether an account that is watched as it is in the table keeps its session
     */
    private void put(UUID accountId, Supplier<Optional<Stored>> row, boolean keeps) {
        BooleanSupplier holds = shards.holding(Account.shardOf(accountId));
        if (!holds.getAsBoolean()) {
            return;
        }
        touched.add(accountId);
        AtomicReference<@Nullable WatchedAccount> put = new AtomicReference<>();
        accounts.compute(
                accountId,
                (id, old) -> {
                    Stored now = row.get().filter(it -> it.account().isWatched()).orElse(null);
                    if (keeps
                            && old != null
                            && now != null
                            && old.account().hasSettingsOf(now.account())) {
                        old.renewed(now.account().credential());
                        return old;
                    }
                    if (old != null) {
                        end(old);
                    }
                    if (now == null) {
                        forgetInMemory(old);
                        return null;
                    }
                    known.add(now.account().clientId());
                    credentials.changed(old == null ? null : old.account(), now.account());
                    WatchedAccount fresh = successors.of(now, old);
                    put.set(fresh);
                    return fresh;
                });
        WatchedAccount fresh = put.get();
        if (fresh != null) {
            begin(fresh, holds);
        }
    }

    private void forgetInMemory(@Nullable WatchedAccount old) {
        if (old != null) {
            credentials.forget(old.account());
            old.history().forget();
        }
    }

    /** Puts an account that was registered just now; false when it is there already. */
    boolean putNew(WatchedAccount fresh) {
        touched.add(fresh.account().id());
        return accounts.putIfAbsent(fresh.account().id(), fresh) == null;
    }

    /**
     * A check of an account that was put is due now.
     *
     * @param holds whether its shard was held all the while
     */
    void begin(WatchedAccount fresh, BooleanSupplier holds) {
        if (staysUnder(fresh, holds)) {
            schedule.wanted(fresh);
        }
    }

    /** Where the database is away right after the commit, the account that was committed. */
    private Optional<Stored> present(Account given) {
        try {
            return table.findInUse(given.id());
        } catch (RuntimeException e) {
            if (Database.isAway(e)) {
                return Optional.of(new Stored(given, false, false));
            }
            throw e;
        }
    }

    /** An account that was registered just now, to be put. */
    WatchedAccount first(Account account) {
        return successors.first(account);
    }

    private void end(WatchedAccount old) {
        schedule.removed(old);
        endings.end(old);
    }

    /** Takes an account out again whose shard was released while it was put in. */
    private boolean staysUnder(WatchedAccount fresh, BooleanSupplier holds) {
        if (holds.getAsBoolean()) {
            return true;
        }
        Account account = fresh.account();
        accounts.computeIfPresent(
                account.id(),
                (id, now) -> {
                    if (now != fresh) {
                        return now;
                    }
                    end(fresh);
                    forgetInMemory(fresh);
                    return null;
                });
        // The shard may have been taken again, and its accounts read, before this one was out.
        shards.readAgain(account.shard());
        return false;
    }

    @Override
    public void clients(Set<UUID> clients) {
        clients.forEach(known::add);
    }

    @Override
    public void pageBegins() {
        touched.begin();
    }

    @Override
    public void read(Stored stored, List<Mailbox> mailboxes, Duration turn, BooleanSupplier holds) {
        Account account = stored.account();
        known.add(account.clientId());
        AtomicReference<@Nullable WatchedAccount> put = new AtomicReference<>();
        accounts.compute(
                account.id(),
                (id, other) -> {
                    if (other != null || touched.contains(id) || !holds.getAsBoolean()) {
                        return other;
                    }
                    WatchedAccount fresh = successors.of(stored, null);
                    // No thread can hold its lock before it is in the map.
                    mailboxes.forEach(it -> fresh.mailboxes().put(it.name(), it));
                    put.set(fresh);
                    return fresh;
                });
        WatchedAccount fresh = put.get();
        if (fresh != null && staysUnder(fresh, holds)) {
            // A parked account is checked in hours: no other one waits behind it.
            if (account.state() != AccountState.PARKED) {
                AtomicInteger ofTheseShards = starting;
                ofTheseShards.incrementAndGet();
                fresh.afterFirstCheck(ofTheseShards::decrementAndGet);
            }
            schedule.happened(fresh, new CheckOutcome.Started(turn, clock.instant()));
        }
    }

    @Override
    public void pagesEnded() {
        touched.end();
    }

    /** The account in the table is newer than in a page that is being read. */
    void touch(UUID accountId) {
        touched.add(accountId);
    }

    /** Ceases to watch an account; a check under way ends without being recorded. */
    public void forget(UUID accountId) {
        touched.add(accountId);
        accounts.computeIfPresent(
                accountId,
                (id, old) -> {
                    end(old);
                    forgetInMemory(old);
                    return null;
                });
    }

    public void forgetClient(UUID clientId) {
        accounts.forEach((id, watched) -> {
            if (watched.account().clientId().equals(clientId)) {
                forget(id);
            }
        });
    }

    /**
     * Ceases to watch the accounts of these shards, which the loader holds no more; returns when
     * nothing of them is open or under way, and cuts it when the deadline passes.
     */
    public void release(Set<Integer> released, Deadline deadline) throws InterruptedException {
        boolean lost = deadline.isPast();
        for (UUID id : accounts.keySet()) {
            if (released.contains(Account.shardOf(id))) {
                accounts.computeIfPresent(id, (same, old) -> release(old, lost));
            }
        }
        // Where the database let this wait, a shard may have been taken again before its end.
        released.forEach(shards::readAgain);
        endings.await(released, deadline);
    }

    private @Nullable WatchedAccount release(WatchedAccount old, boolean lost) {
        if (lost) {
            old.cut();
        }
        schedule.removed(old);
        endings.release(old);
        forgetInMemory(old);
        return null;
    }

    /** Cuts all sessions: another node may watch the accounts soon. */
    public void suspend() {
        for (WatchedAccount watched : accounts.values()) {
            watched.session().suspend();
        }
        endings.cutAll();
    }

    /** This node takes shards, whose accounts are read next. */
    public void shardsTaken() {
        starting = new AtomicInteger();
    }

    /** How many accounts of the shards that it took last have not ended their first check. */
    public int starting() {
        return starting.get();
    }

    /** All accounts under watch, as they are now. */
    public Collection<WatchedAccount> all() {
        return accounts.values();
    }

    public Optional<WatchedAccount> find(UUID accountId) {
        return Optional.ofNullable(accounts.get(accountId));
    }

    /** A provider renewed an account's login, which is stored. */
    public void renewed(Account account) {
        // Waits for a change that is under way, so that what it puts knows the login too.
        accounts.computeIfPresent(
                account.id(),
                (id, watched) -> {
                    watched.renewed(account.credential());
                    return watched;
                });
    }
}
