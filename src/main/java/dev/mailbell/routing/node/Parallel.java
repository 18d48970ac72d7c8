package dev.mailbell.routing.node;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** Does a piece of work for each of some items, each on a thread of its own. */
public final class Parallel {
    private Parallel() {}

    /**
     * Returns when the work of all items has ended; it has its own deadlines.
     *
     * @throws RuntimeException the first failure
     */
    public static <T> void run(Collection<T> items, Consumer<T> work) {
        if (items.size() == 1) {
            work.accept(items.iterator().next());
            return;
        }
        List<RuntimeException> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (T item : items) {
            threads.add(
                    Thread.ofVirtual()
                            .name("ask-node")
                            .start(() -> {
                                try {
                                    work.accept(item);
                                } catch (RuntimeException e) {
                                    synchronized (failures) {
                                        failures.add(e);
                                    }
                                }
                            }));
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (true) {
                try {
                    thread.join();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                    threads.forEach(Thread::interrupt);
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        synchronized (failures) {
            if (!failures.isEmpty()) {
                throw failures.getFirst();
            }
        }
    }
}
