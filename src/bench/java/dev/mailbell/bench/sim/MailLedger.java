package dev.mailbell.bench.sim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Compares the messages put into mailboxes with those announced to webhooks: the sums must be equal
 * for each mailbox and webhook, with each {@code webhook-id} counted once.
 *
 * <p>The deliveries of a mailbox arrive in order, so the n-th announced message is the n-th added
 * one, which gives each its latency.
 */
public final class MailLedger {
    private static final int SHOWN = 5;

    private final int webhooks;
    private final Audience audience;
    private final MailboxCount[] mailboxCounts;
    private final Map<UUID, MailboxCount> byAccount = new ConcurrentHashMap<>();
    private final Set<String> ids = ConcurrentHashMap.newKeySet();
    private final Latencies latencies = new Latencies();
    private final LongAdder added = new LongAdder();
    private final LongAdder expected = new LongAdder();
    private final LongAdder announced = new LongAdder();
    private final LongAdder deliveries = new LongAdder();
    private final LongAdder repeated = new LongAdder();

    /** Which webhooks receive the mail of which mailboxes. */
    @FunctionalInterface
    public interface Audience {
        boolean receives(int webhook, int mailbox);
    }

    /** A mailbox: when its messages were added, and how many were announced to each webhook. */
    private static final class MailboxCount {
        private final int[] announced;
        private long[] addedAt = new long[4];
        private final int number;
        private final int receivers;
        private int added;

        private MailboxCount(int number, int webhooks, int receivers) {
            this.number = number;
            announced = new int[webhooks];
            this.receivers = receivers;
        }
    }

    /** For a number of mailboxes and webhooks. */
    public MailLedger(int mailboxes, int webhooks, Audience audience) {
        this.webhooks = webhooks;
        this.audience = audience;
        mailboxCounts = new MailboxCount[mailboxes];
        Arrays.setAll(
                mailboxCounts,
                i ->
                        new MailboxCount(
                                i,
                                webhooks,
                                (int)
                                        IntStream.range(0, webhooks)
                                                .filter(webhook -> audience.receives(webhook, i))
                                                .count()));
    }

    /** This account watches the mailbox of this number. */
    public void register(UUID account, int mailbox) {
        byAccount.put(account, mailboxCounts[mailbox]);
    }

    /** A message is added to a mailbox now; called before the server announces it. */
    public void added(int mailbox) {
        MailboxCount count = mailboxCounts[mailbox];
        synchronized (count) {
            if (count.added == count.addedAt.length) {
                count.addedAt = Arrays.copyOf(count.addedAt, count.added * 2);
            }
            count.addedAt[count.added++] = System.nanoTime();
        }
        added.increment();
        expected.add(count.receivers);
    }

    /** A delivery arrived. */
    public void arrived(ReceivedDelivery delivery) {
        if (!delivery.type().equals("mail.new")) {
            return;
        }
        if (!ids.add(delivery.id())) {
            repeated.increment();
            return;
        }
        deliveries.increment();
        MailboxCount count = byAccount.get(delivery.account());
        if (count == null) {
            throw new IllegalStateException(
                    "a delivery for an account that was not registered: " + delivery);
        }
        synchronized (count) {
            if (!audience.receives(delivery.webhook(), count.number)) {
                return;
            }
            int first = count.announced[delivery.webhook()];
            int next = first + delivery.newCount();
            count.announced[delivery.webhook()] = next;
            for (int i = first; i < Math.min(next, count.added); i++) {
                latencies.add(
                        count.number, count.addedAt[i], delivery.nanoTime() - count.addedAt[i]);
            }
        }
        announced.add(delivery.newCount());
    }

    /** The number of messages added so far. */
    public long added() {
        return added.sum();
    }

    /** Messages not announced yet, each counted once for every webhook that is to receive it. */
    public long unannounced() {
        return expected.sum() - announced.sum();
    }

    /** The same for some of the mailboxes, by number. */
    public long unannounced(IntPredicate which) {
        long unannounced = 0;
        for (MailboxCount count : mailboxCounts) {
            if (which.test(count.number)) {
                synchronized (count) {
                    unannounced +=
                            (long) count.added * count.receivers
                                    - Arrays.stream(count.announced).asLongStream().sum();
                }
            }
        }
        return unannounced;
    }

    /** Deliveries so far, each once. */
    public long deliveries() {
        return deliveries.sum();
    }

    /** Deliveries that arrived again. */
    public long repeated() {
        return repeated.sum();
    }

    public Latencies latencies() {
        return latencies;
    }

    /** Whether exactly the added messages were announced to every webhook. */
    public boolean settled() {
        return unannounced() == 0 && differences().isEmpty();
    }

    /** The first few mailboxes whose sums differ, in words. */
    public List<String> differences() {
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < mailboxCounts.length && differences.size() < SHOWN; i++) {
            MailboxCount count = mailboxCounts[i];
            synchronized (count) {
                for (int webhook = 0; webhook < webhooks; webhook++) {
                    if (audience.receives(webhook, i) && count.announced[webhook] != count.added) {
                        differences.add(
                                "mailbox %d: %d messages, webhook %d got %d"
                                        .formatted(
                                                i, count.added, webhook, count.announced[webhook]));
                    }
                }
            }
        }
        return differences;
    }
}
