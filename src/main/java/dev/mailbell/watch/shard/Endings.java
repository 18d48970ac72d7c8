package dev.mailbell.watch.shard;

import dev.mailbell.account.Account;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.account.WatchedAccount;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Accounts that this node ceases to watch, until no thread opens or uses a session of theirs. A new
 * watch over such an account waits for the same lock, so that an account never has two sessions.
 * Safe for many threads.
 */
final class Endings {
    /** By account; of one that was changed several times there are several. */
    private final Map<UUID, List<Ending>> endings = new ConcurrentHashMap<>();

    private record Ending(WatchedAccount watched, CompletableFuture<Void> closed) {}

    /** The lock that the next watch over the account must wait for. */
    Optional<ReentrantLock> lockOf(UUID accountId) {
        return Optional.ofNullable(endings.get(accountId))
                .map(all -> all.getFirst().watched.session().lock());
    }

    /** The account was changed, paused or removed: what a check under way finds is void. */
    void end(WatchedAccount old) {
        begin(old, old::end);
    }

    /** The account goes to another node: a check under way is recorded. */
    void release(WatchedAccount old) {
        begin(old, old::release);
    }

    private void begin(WatchedAccount old, Consumer<Runnable> end) {
        Ending ending = new Ending(old, new CompletableFuture<>());
        endings.compute(
                old.account().id(),
                (id, others) -> {
                    List<Ending> all = new ArrayList<>(others == null ? List.of() : others);
                    all.add(ending);
                    return all;
                });
        end.accept(() -> closed(ending));
    }

    private void closed(Ending ending) {
        endings.computeIfPresent(
                ending.watched.account().id(),
                (id, all) -> {
                    List<Ending> others = new ArrayList<>(all);
                    others.remove(ending);
                    return others.isEmpty() ? null : others;
                });
        ending.closed.complete(null);
    }

    /**
     * Waits until nothing of accounts of these shards is open or under way; cuts it when the
     * deadline passes.
     */
    void await(Set<Integer> shards, Deadline deadline) throws InterruptedException {
        List<Ending> open = of(shards);
        try {
            CompletableFuture.allOf(
                            open.stream().map(Ending::closed).toArray(CompletableFuture<?>[]::new))
                    .get(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            open.stream()
                    .filter(ending -> !ending.closed.isDone())
                    .forEach(ending -> ending.watched.cut());
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private List<Ending> of(Set<Integer> shards) {
        return endings.entrySet().stream()
                .filter(entry -> shards.contains(Account.shardOf(entry.getKey())))
                .flatMap(entry -> entry.getValue().stream())
                .toList();
    }

    /** Cuts what is open. */
    void cutAll() {
        endings.values().forEach(all -> all.forEach(ending -> ending.watched.cut()));
    }
}
