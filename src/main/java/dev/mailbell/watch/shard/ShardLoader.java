package dev.mailbell.watch.shard;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStateTable;
import dev.mailbell.account.AccountStateTable.Cursor;
import dev.mailbell.account.AccountStateTable.Page;
import dev.mailbell.account.AccountStateTable.Stored;
import dev.mailbell.account.Mailbox;
import dev.mailbell.account.MailboxStore;
import dev.mailbell.database.Database;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shards whose accounts this node watches. Reads the accounts of those that it takes, page by
 * page on a thread of its own, and spreads their first checks, in which clients take turns.
 */
public final class ShardLoader {
    private static final Logger LOG = LoggerFactory.getLogger(ShardLoader.class);

    /** So many shards are read by one statement that they have so many accounts together. */
    private static final long TOGETHER = 1_000;

    /**
     * Accounts in one page. The server may sort all that are left of the shards for each page, so
     * most groups of shards have one page.
     */
    private static final int PAGE = 2_000;

    /** Accounts whose mailboxes one statement reads: they have up to 32 each. */
    private static final int TOGETHER_WITH_MAILBOXES = 250;

    /** First checks that begin in a second on this node; the limits of mail hosts are lower. */
    private static final int PER_SECOND = 500;

    private static final Duration TRIED_AGAIN_AFTER = Duration.ofSeconds(1);

    private final AccountStateTable states;
    private final MailboxStore mailboxes;

    /**
     * Each shard that this node watches, with the number of its tenure: that is another one when
     * the shard was released and taken again.
     */
    private final Map<Integer, Long> tenures = new ConcurrentHashMap<>();

    // Guarded by this.
    private final Map<Integer, Long> pending = new HashMap<>();
    private long tenuresBegun;
    private @Nullable Thread reader;
    private long waitingSince;

    private final CountDownLatch stopping = new CountDownLatch(1);
    private volatile @Nullable Target target;

    /** Takes the accounts. */
    interface Target {
        /**
         * Accounts of these clients are about to be read: what clients share is shared from the
         * first check on.
         */
        void clients(Set<UUID> clients);

        /** A page is about to be read: changes of accounts from now on are newer than it. */
        void pageBegins();

        /**
         * An account was read.
         *
         * @param mailboxes its mailboxes, read after the account; empty where the first check must
         *     read them
         * @param turn the wait that spreads the first checks; negative for a turn that is over
         * @param holds whether this node has watched the account's shard ever since
         */
        void read(Stored account, List<Mailbox> mailboxes, Duration turn, BooleanSupplier holds);

        /** No page is being read. */
        void pagesEnded();
    }

    public ShardLoader(AccountStateTable states, MailboxStore mailboxes) {
        this.states = states;
        this.mailboxes = mailboxes;
    }

    /** Sets what takes the accounts. */
    public void loadInto(Target accountsUnderWatch) {
        target = accountsUnderWatch;
    }

    /** This node watches the accounts of these shards from now on; returns at once. */
    public synchronized void acquired(Set<Integer> shards) {
        for (Integer shard : shards) {
            tenures.put(shard, ++tenuresBegun);
        }
        read(shards);
    }

    /** Accounts may have been registered without notice: those of all shards are read once more. */
    public synchronized void readAllAgain() {
        read(Set.copyOf(tenures.keySet()));
    }

    /** Something was read too early: the accounts of a shard are read once more. */
    synchronized void readAgain(int shard) {
        read(Set.of(shard));
    }

    private void read(Set<Integer> shards) {
        if (pending.isEmpty() && reader == null) {
            waitingSince = System.nanoTime();
        }
        for (Integer shard : shards) {
            Long tenure = tenures.get(shard);
            if (tenure != null) {
                pending.put(shard, tenure);
            }
        }
        if (reader == null && !isStopping() && !pending.isEmpty()) {
            reader = Thread.ofVirtual().name("shard-loader").start(this::run);
        }
    }

    /** This node watches the accounts of these shards no more. */
    public synchronized void released(Set<Integer> shards) {
        tenures.keySet().removeAll(shards);
        pending.keySet().removeAll(shards);
    }

    /** Reads no more. */
    public void stop() {
        stopping.countDown();
    }

    /** Whether this node watches the accounts of a shard. */
    public boolean watches(int shard) {
        return tenures.containsKey(shard);
    }

    /** True as long as this node watches the accounts of a shard without a break from now on. */
    BooleanSupplier holding(int shard) {
        Long tenure = tenures.get(shard);
        return tenure == null ? () -> false : () -> tenure.equals(tenures.get(shard));
    }

    /** For how long accounts have waited to be read; zero when all are read. */
    public synchronized Duration waiting() {
        return reader == null ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - waitingSince);
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private void run() {
        boolean failed = false;
        for (Map<Integer, Long> batch = next(); !batch.isEmpty(); batch = next()) {
            try {
                load(batch);
                failed = false;
            } catch (RuntimeException e) {
                if (!failed && !Database.isAway(e)) {
                    LOG.error("Accounts cannot be read, which is tried again each second", e);
                } else if (!failed) {
                    LOG.warn(
                            "Accounts of {} shards cannot be read now: {}",
                            batch.size(),
                            Database.reason(e));
                }
                failed = true;
                againAfterPause(batch);
            } catch (Error e) {
                // Without this thread no shard would be read any more.
                LOG.error("Accounts cannot be read, which is tried again each second", e);
                failed = true;
                againAfterPause(batch);
            }
        }
    }

    private synchronized Map<Integer, Long> next() {
        Map<Integer, Long> batch = new HashMap<>(isStopping() ? Map.of() : pending);
        pending.clear();
        if (batch.isEmpty()) {
            reader = null;
        }
        return batch;
    }

    private void againAfterPause(Map<Integer, Long> batch) {
        try {
            if (stopping.await(TRIED_AGAIN_AFTER.toNanos(), TimeUnit.NANOSECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            batch.forEach((shard, tenure) -> {
                if (tenure.equals(tenures.get(shard))) {
                    pending.putIfAbsent(shard, tenure);
                }
            });
        }
    }

    private void load(Map<Integer, Long> batch) {
        Target into = target;
        if (into == null) {
            throw new IllegalStateException("nothing takes the accounts");
        }
        Map<UUID, Long> clients = states.watchedByClient(batch.keySet());
        into.clients(clients.keySet());
        Reading reading = new Reading(batch, into, new FirstTurns(clients));
        List<Integer> shards = batch.keySet().stream().sorted().toList();
        long accountsOfAll = clients.values().stream().mapToLong(Long::longValue).sum();
        int group =
                (int) Math.clamp(TOGETHER * shards.size() / (accountsOfAll + 1), 1, shards.size());
        try {
            for (int from = 0; from < shards.size() && !isStopping(); from += group) {
                reading.read(shards.subList(from, Math.min(shards.size(), from + group)));
            }
        } finally {
            into.pagesEnded();
        }
        LOG.info("Watching {} accounts of {} shards", reading.count, batch.size());
    }

    /** One reading of the accounts of a batch. */
    private final class Reading {
        private final Map<Integer, Long> batch;
        private final Target into;
        private final FirstTurns turns;
        private final long begun = System.nanoTime();
        private long count;

        Reading(Map<Integer, Long> batch, Target into, FirstTurns turns) {
            this.batch = batch;
            this.into = into;
            this.turns = turns;
        }

        /** Those that were not released meanwhile. */
        private List<Integer> held(List<Integer> shards) {
            return shards.stream().filter(this::isHeld).toList();
        }

        private boolean isHeld(int shard) {
            Long tenure = batch.get(shard);
            return tenure != null && tenure.equals(tenures.get(shard));
        }

        /** Shards that have about a page of accounts together. */
        void read(List<Integer> group) {
            Cursor last = Cursor.START;
            for (List<Integer> shards = held(group);
                    !shards.isEmpty() && !isStopping();
                    shards = held(group)) {
                into.pageBegins();
                Page page = states.page(shards, last, PAGE);
                List<Stored> accounts = page.accounts();
                for (int from = 0; from < accounts.size(); from += TOGETHER_WITH_MAILBOXES) {
                    int to = Math.min(accounts.size(), from + TOGETHER_WITH_MAILBOXES);
                    readWithMailboxes(accounts.subList(from, to));
                }
                if (!page.full()) {
                    return;
                }
                last = page.end();
            }
        }

        private void readWithMailboxes(List<Stored> some) {
            Map<UUID, List<Mailbox>> found =
                    mailboxes.list(
                            some.stream()
                                    .map(Stored::account)
                                    .filter(Account::isWatched)
                                    .map(Account::id)
                                    .toList());
            for (Stored stored : some) {
                read(stored, found.getOrDefault(stored.account().id(), List.of()));
            }
        }

        private void read(Stored stored, List<Mailbox> found) {
            Account account = stored.account();
            if (account.isWatched()) {
                count++;
                Duration turn =
                        Duration.ofMillis(turns.next(account.clientId()) * 1000 / PER_SECOND);
                // Of all turns that are over when all accounts are read the first is first.
                Duration wait = turn.minusNanos(System.nanoTime() - begun);
                into.read(stored, found, wait, () -> isHeld(account.shard()));
            }
        }
    }
}
