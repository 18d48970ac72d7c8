package dev.mailbell.mail;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HostProofsTest {
    private final AtomicLong now = new AtomicLong();
    private final HostProofs rungs = new HostProofs(now::get);

    @Test
    void a_failed_rung_is_skipped_for_a_day_at_that_host_alone() {
        rungs.failed("Mail.Example.org", Proof.ESEARCH, "answers a search with nothing");

        assertThat(rungs.trusts("mail.example.org", Proof.ESEARCH)).isFalse();
        assertThat(rungs.trusts("mail.example.org", Proof.SEARCH)).isTrue();
        assertThat(rungs.trusts("other.example.org", Proof.ESEARCH)).isTrue();

        now.addAndGet(HostMemory.REMEMBERED.toNanos() - 1);
        assertThat(rungs.trusts("mail.example.org", Proof.ESEARCH)).isFalse();
        now.incrementAndGet();
        assertThat(rungs.trusts("mail.example.org", Proof.ESEARCH)).isTrue();
    }

    @Test
    void what_one_account_meets_is_skipped_for_it_and_for_its_host_once_another_meets_it() {
        rungs.failed("mail.example.org", "ann", Proof.ENDS, "refuses");
        rungs.failed("mail.example.org", "ann", Proof.ENDS, "refuses");
        assertThat(rungs.trusts("mail.example.org", "ann", Proof.ENDS)).isFalse();
        assertThat(rungs.trusts("mail.example.org", "bob", Proof.ENDS)).isTrue();

        rungs.failed("mail.example.org", "bob", Proof.TAIL, "refuses");
        assertThat(rungs.trusts("mail.example.org", "cid", Proof.ENDS)).isTrue();
        assertThat(rungs.trusts("mail.example.org", "cid", Proof.TAIL)).isTrue();

        rungs.failed("mail.example.org", "bob", Proof.ENDS, "refuses");
        assertThat(rungs.trusts("mail.example.org", "cid", Proof.ENDS)).isFalse();

        now.addAndGet(HostMemory.REMEMBERED.toNanos());
        assertThat(rungs.trusts("mail.example.org", "ann", Proof.ENDS)).isTrue();
        rungs.failed("mail.example.org", "cid", Proof.ENDS, "refuses");
        assertThat(rungs.trusts("mail.example.org", "ann", Proof.ENDS)).isTrue();
    }

    @Test
    void lost_connections_of_many_accounts_say_nothing_of_the_host() {
        for (int account = 0; account < 10; account++) {
            rungs.unanswered("mail.example.org", "user" + account, Proof.ENDS);
        }
        assertThat(rungs.trusts("mail.example.org", "user3", Proof.ENDS)).isFalse();
        assertThat(rungs.trusts("mail.example.org", "other", Proof.ENDS)).isTrue();
    }

    @Test
    void what_is_remembered_is_bounded_and_the_oldest_goes_first() {
        for (int i = 0; i <= HostMemory.MOST; i++) {
            rungs.failed("host" + i, Proof.SEARCH, "refuses");
        }

        assertThat(rungs.trusts("host0", Proof.SEARCH)).isTrue();
        assertThat(rungs.trusts("host1", Proof.SEARCH)).isFalse();
        assertThat(rungs.trusts("host" + HostMemory.MOST, Proof.SEARCH)).isFalse();
    }
}
