package dev.mailbell.bench;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;

/** Puts mail into mailboxes at an even rate; after a delay it catches up. */
final class MailStream {
    private final TestBed testBed;
    private final IntSupplier mailboxes;

    /**
     * @param mailboxes says which mailbox is next
     */
    MailStream(TestBed testBed, IntSupplier mailboxes) {
        this.testBed = testBed;
        this.mailboxes = mailboxes;
    }

    /** Returns how many mails there were; when it returns the time is over. */
    int run(double perSecond, double seconds) {
        int count = (int) Math.round(perSecond * seconds);
        long begun = System.nanoTime();
        for (int i = 0; i < count; i++) {
            await(begun + (long) (i / perSecond * TimeUnit.SECONDS.toNanos(1)));
            testBed.deliver(mailboxes.getAsInt());
        }
        await(begun + (long) (seconds * TimeUnit.SECONDS.toNanos(1)));
        return count;
    }

    private static void await(long nanoTime) {
        for (long left = nanoTime - System.nanoTime();
                left > 0;
                left = nanoTime - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
