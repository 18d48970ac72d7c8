package dev.mailbell.bench;

import dev.mailbell.bench.sim.Latencies;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;

/** Puts mail into mailboxes at an even rate; after a delay it catches up. */
final class MailStream {
    private final IntConsumer deliver;
    private final IntSupplier mailboxes;
    private final Latencies lateness = new Latencies();

    /**
     * @param mailboxes says which mailbox is next
     */
    MailStream(TestBed testBed, IntSupplier mailboxes) {
        this(testBed::deliver, mailboxes);
    }

    /**
     * @param deliver puts a message into a mailbox
     */
    MailStream(IntConsumer deliver, IntSupplier mailboxes) {
        this.deliver = deliver;
        this.mailboxes = mailboxes;
    }

    /** Returns how many mails there were; when it returns the time is over. */
    int run(double perSecond, double seconds) {
        int count = (int) Math.round(perSecond * seconds);
        long begun = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long due = begun + (long) (i / perSecond * TimeUnit.SECONDS.toNanos(1));
            await(due);
            lateness.add(due, System.nanoTime() - due);
            deliver.accept(mailboxes.getAsInt());
        }
        await(begun + (long) (seconds * TimeUnit.SECONDS.toNanos(1)));
        return count;
    }

    /** How late each mail was put into its mailbox: the load generator's own delay. */
    Latencies lateness() {
        return lateness;
    }

    private static void await(long nanoTime) {
        for (long left = nanoTime - System.nanoTime();
                left > 0;
                left = nanoTime - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
