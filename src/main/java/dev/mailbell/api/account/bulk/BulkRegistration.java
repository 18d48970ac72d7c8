package dev.mailbell.api.account.bulk;

import dev.mailbell.account.Account;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.NewAccounts;
import dev.mailbell.account.RefTakenException;
import dev.mailbell.api.account.AccountResources;
import dev.mailbell.api.account.registration.AccountDraft;
import dev.mailbell.api.account.registration.AccountReader;
import dev.mailbell.api.account.registration.AccountRegistration;
import dev.mailbell.api.account.registration.AccountRegistration.Resolved;
import dev.mailbell.api.account.registration.LoginDraft;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.fairness.ActingClient;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Registers many accounts at once; each succeeds or fails by itself. What may wait for a name
 * server runs in parallel. All else of one call runs on one thread, because each thread that
 * encrypts would make a cipher of its own.
 */
public final class BulkRegistration {
    // Half of the address guard's threads for DNS lookups.
    private static final int CONCURRENCY = 32;

    private final AccountReader reader;
    private final AccountRegistration registration;
    private final AccountResources accounts;
    private final NewAccounts table;

    public BulkRegistration(
            AccountReader reader,
            AccountRegistration registration,
            AccountResources accounts,
            NewAccounts table) {
        this.reader = reader;
        this.registration = registration;
        this.accounts = accounts;
        this.table = table;
    }

    /** One account of a call; it has a problem once it is refused. */
    static final class Item {
        private @Nullable AccountDraft draft;
        private @Nullable Resolved resolved;
        private @Nullable Account account;
        private @Nullable Problem problem;

        private Item() {}

        /** The account to store, or as it was stored; null with a problem. */
        @Nullable Account account() {
            return problem == null ? account : null;
        }

        /** Why the account was refused; null while it was not. */
        @Nullable Problem problem() {
            return problem;
        }

        /** Changes the account before it is stored. */
        void change(UnaryOperator<Account> change) {
            Account present = account;
            if (present != null) {
                account = change.apply(present);
            }
        }

        void refuse(Problem why) {
            problem = why;
        }

        private boolean isValid() {
            return problem == null;
        }
    }

    /**
     * Validates accounts and encrypts their secrets; stores nothing.
     *
     * @return one item for each node, in their order
     */
    List<Item> prepare(UUID clientId, List<? extends JsonNode> nodes) {
        return prepare(clientId, nodes, reader::read);
    }

    /** The same for accounts that may come without a secret. */
    List<Item> prepareImported(UUID clientId, List<? extends JsonNode> nodes) {
        return prepare(clientId, nodes, reader::readImported);
    }

    private List<Item> prepare(
            UUID clientId,
            List<? extends JsonNode> nodes,
            Function<ObjectNode, AccountDraft> reading) {
        AccountRegistration rememberingHosts = registration.rememberingHosts();
        List<Item> items = nodes.stream().map(node -> read(node, reading)).toList();
        resolveInParallel(rememberingHosts, items);
        for (Item item : items) {
            if (item.isValid() && item.resolved == null) {
                resolve(rememberingHosts, item);
            }
            Resolved resolved = item.resolved;
            if (item.isValid() && resolved != null) {
                try {
                    item.account = rememberingHosts.account(clientId, resolved);
                } catch (ProblemException e) {
                    item.problem = e.problem();
                }
            }
        }
        return items;
    }

    private static Item read(JsonNode node, Function<ObjectNode, AccountDraft> reading) {
        Item item = new Item();
        if (node instanceof ObjectNode object) {
            try {
                item.draft = reading.apply(object);
            } catch (ProblemException e) {
                item.problem = e.problem();
            }
        } else {
            item.problem = Problem.malformed("an account must be a JSON object");
        }
        return item;
    }

    private static void resolve(AccountRegistration rememberingHosts, Item item) {
        AccountDraft draft = item.draft;
        if (draft != null) {
            try {
                item.resolved = rememberingHosts.resolve(draft);
            } catch (ProblemException e) {
                item.problem = e.problem();
            }
        }
    }

    /**
     * Resolves in parallel the accounts that may wait for the network: the first of each host,
     * whose name is looked up, those without a host, and those whose login is not a password.
     */
    private static void resolveInParallel(AccountRegistration rememberingHosts, List<Item> items) {
        Set<String> hosts = new HashSet<>();
        List<Item> waiting =
                items.stream()
                        .filter(item -> item.draft != null && mayWait(item.draft.login(), hosts))
                        .toList();
        if (waiting.size() < 2) {
            waiting.forEach(item -> resolve(rememberingHosts, item));
            return;
        }
        UUID client = ActingClient.current();
        Semaphore permits = new Semaphore(CONCURRENCY);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> futures = new ArrayList<>();
            for (Item item : waiting) {
                futures.add(
                        threads.submit(() -> {
                            permits.acquire();
                            try {
                                ActingClient.run(client, () -> resolve(rememberingHosts, item));
                                return null;
                            } finally {
                                permits.release();
                            }
                        }));
            }
            for (Future<?> future : futures) {
                future.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("an account could not be validated", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(Problem.unavailable("the daemon is stopping"));
        }
    }

    private static boolean mayWait(LoginDraft login, Set<String> hosts) {
        String host = login.host();
        return host == null || !(login.secret() instanceof LoginSecret.Password) || hosts.add(host);
    }

    /**
     * Stores the valid accounts, as many as the client may have, in one transaction.
     *
     * @return the accounts that were stored; the other items have problems
     */
    List<Account> store(UUID clientId, List<Item> items) {
        return store(clientId, items, table::insert);
    }

    /**
     * The same with another way to insert them, which answers the ids of those that it has
     * inserted.
     */
    List<Account> store(
            UUID clientId, List<Item> items, Function<List<Account>, Set<UUID>> insert) {
        return accounts.inTransaction(() -> storeInRoom(clientId, items, insert));
    }

    private List<Account> storeInRoom(
            UUID clientId, List<Item> items, Function<List<Account>, Set<UUID>> insert) {
        long room = accounts.remaining(clientId);
        List<Account> stored = new ArrayList<>();
        List<Item> left = items.stream().filter(Item::isValid).toList();
        while (!left.isEmpty() && room > 0) {
            int count = (int) Math.min(room, left.size());
            List<Item> next = left.subList(0, count);
            left = left.subList(count, left.size());
            Set<UUID> added = insert.apply(next.stream().map(BulkRegistration::accountOf).toList());
            for (Item item : next) {
                Account account = accountOf(item);
                if (added.contains(account.id())) {
                    stored.add(account);
                } else {
                    item.problem =
                            AccountResources.refTaken(
                                    new RefTakenException(String.valueOf(account.ref())));
                }
            }
            room -= added.size();
        }
        for (Item item : left) {
            item.problem = accounts.tooMany(clientId);
        }
        return stored;
    }

    private static Account accountOf(Item item) {
        Account account = item.account;
        if (account == null) {
            throw new IllegalStateException("a valid item has an account");
        }
        return account;
    }
}
