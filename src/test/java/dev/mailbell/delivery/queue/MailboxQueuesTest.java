package dev.mailbell.delivery.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.delivery.outbox.Delivery;
import dev.mailbell.event.Ids;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MailboxQueuesTest {
    private static final UUID WEBHOOK = Ids.next();
    private static final UUID ACCOUNT = Ids.next();

    private final MailboxQueues queues = new MailboxQueues();

    private static Delivery delivery(@Nullable UUID account, @Nullable String mailbox) {
        return new Delivery(Ids.next(), WEBHOOK, account, mailbox, 1, 0, Instant.EPOCH, "{}", true);
    }

    private Delivery added(String mailbox) {
        Delivery delivery = delivery(ACCOUNT, mailbox);
        queues.add(delivery, false);
        return delivery;
    }

    private Delivery begun() {
        Delivery next = queues.next();
        queues.begin();
        return next;
    }

    @Test
    void one_delivery_of_a_mailbox_is_under_way_at_a_time() {
        Delivery first = added("INBOX");
        Delivery second = added("INBOX");
        assertThat(begun()).isEqualTo(first);
        assertThat(queues.hasReady()).isFalse();
        assertThat(queues.hasNoneUnderWay()).isFalse();
        queues.end(first);
        assertThat(begun()).isEqualTo(second);
        queues.end(second);
        assertThat(queues.hasNoneUnderWay()).isTrue();
        assertThat(queues.size()).isZero();
    }

    @Test
    void mailboxes_take_turns() {
        Delivery busy = added("Busy");
        Delivery busyAgain = added("Busy");
        Delivery quiet = added("Quiet");
        assertThat(begun()).isEqualTo(busy);
        queues.end(busy);
        assertThat(begun()).isEqualTo(quiet);
        assertThat(begun()).isEqualTo(busyAgain);
    }

    @Test
    void a_delivery_is_not_added_twice() {
        Delivery delivery = added("INBOX");
        queues.add(delivery, false);
        assertThat(queues.size()).isOne();
        begun();
        queues.add(delivery, false);
        assertThat(queues.contains(delivery.id())).isTrue();
        queues.end(delivery);
        assertThat(queues.hasReady()).isFalse();
    }

    @Test
    void the_end_of_a_delivery_tells_once_that_the_table_holds_a_successor() {
        Delivery first = added("INBOX");
        Delivery second = added("INBOX");
        queues.markSuccessor(first.mailboxKey());
        begun();
        assertThat(queues.end(first)).isTrue();
        begun();
        assertThat(queues.end(second)).isFalse();
    }

    @Test
    void a_successor_that_a_page_reports_is_remembered() {
        Delivery delivery = delivery(ACCOUNT, "INBOX");
        queues.add(delivery, true);
        begun();
        assertThat(queues.end(delivery)).isTrue();
    }

    @Test
    void a_delivery_to_be_retried_takes_its_mailbox_out_of_memory() {
        Delivery first = added("INBOX");
        Delivery second = added("INBOX");
        Delivery other = added("Lists");
        begun();
        queues.drop(first);
        assertThat(queues.contains(first.id())).isFalse();
        assertThat(queues.contains(second.id())).isFalse();
        assertThat(queues.size()).isOne();
        assertThat(queues.next()).isEqualTo(other);
    }

    @Test
    void a_delivery_that_is_put_back_is_the_first_of_its_mailbox_again() {
        Delivery first = added("INBOX");
        added("INBOX");
        begun();
        assertThat(queues.putBack(first)).isTrue();
        assertThat(begun()).isEqualTo(first);
    }

    @Test
    void a_delivery_cannot_be_put_back_when_its_queue_is_gone() {
        Delivery delivery = added("INBOX");
        begun();
        queues.drop(delivery);
        assertThat(queues.putBack(delivery)).isFalse();
        assertThat(queues.size()).isZero();
    }

    @Test
    void clearing_keeps_deliveries_under_way_and_assumes_successors() {
        Delivery underWay = added("INBOX");
        Delivery waiting = added("INBOX");
        begun();
        queues.clear();
        assertThat(queues.contains(underWay.id())).isTrue();
        assertThat(queues.contains(waiting.id())).isFalse();
        assertThat(queues.hasReady()).isFalse();
        assertThat(queues.end(underWay)).isTrue();
    }

    @Test
    void a_deleted_account_keeps_only_its_delivery_under_way() {
        Delivery underWay = added("INBOX");
        added("INBOX");
        added("Lists");
        Delivery other = delivery(Ids.next(), "INBOX");
        queues.add(other, false);
        begun();
        queues.forget(delivery -> ACCOUNT.equals(delivery.accountId()));
        assertThat(queues.size()).isEqualTo(2);
        assertThat(begun()).isEqualTo(other);
        assertThat(queues.putBack(underWay)).isTrue();
        assertThat(queues.contains(underWay.id())).isFalse();
        assertThat(queues.hasReady()).isFalse();
    }

    @Test
    void deliveries_without_an_account_do_not_wait_for_each_other() {
        Delivery first = delivery(null, null);
        Delivery second = delivery(null, null);
        queues.add(first, false);
        queues.add(second, false);
        assertThat(begun()).isEqualTo(first);
        assertThat(begun()).isEqualTo(second);
    }
}
