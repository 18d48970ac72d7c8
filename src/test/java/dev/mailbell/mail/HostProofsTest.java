package dev.mailbell.mail;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class HostProofsTest {
    private final AtomicLong now = new AtomicLong();
    private final HostProofs hostProofs = new HostProofs(now::get);

    @Test
    void a_failed_proof_is_skipped_for_a_day_at_that_host_alone() {
        hostProofs.failed("Mail.Example.org", Proof.ESEARCH, "answers a search with nothing");

        assertThat(hostProofs.trusts("mail.example.org", Proof.ESEARCH)).isFalse();
        assertThat(hostProofs.trusts("mail.example.org", Proof.SEARCH)).isTrue();
        assertThat(hostProofs.trusts("other.example.org", Proof.ESEARCH)).isTrue();

        now.addAndGet(HostMemory.REMEMBERED.toNanos() - 1);
        assertThat(hostProofs.trusts("mail.example.org", Proof.ESEARCH)).isFalse();
        now.incrementAndGet();
        assertThat(hostProofs.trusts("mail.example.org", Proof.ESEARCH)).isTrue();
    }

    @Test
    void a_proof_that_fails_for_an_account_is_skipped_for_it_and_after_a_second_one_for_the_host() {
        hostProofs.failed("mail.example.org", "ann", Proof.ENDS, "refuses");
        hostProofs.failed("mail.example.org", "ann", Proof.ENDS, "refuses");
        assertThat(hostProofs.trusts("mail.example.org", "ann", Proof.ENDS)).isFalse();
        assertThat(hostProofs.trusts("mail.example.org", "bob", Proof.ENDS)).isTrue();

        hostProofs.failed("mail.example.org", "bob", Proof.TAIL, "refuses");
        assertThat(hostProofs.trusts("mail.example.org", "cid", Proof.ENDS)).isTrue();
        assertThat(hostProofs.trusts("mail.example.org", "cid", Proof.TAIL)).isTrue();

        hostProofs.failed("mail.example.org", "bob", Proof.ENDS, "refuses");
        assertThat(hostProofs.trusts("mail.example.org", "cid", Proof.ENDS)).isFalse();

        now.addAndGet(HostMemory.REMEMBERED.toNanos());
        assertThat(hostProofs.trusts("mail.example.org", "ann", Proof.ENDS)).isTrue();
        hostProofs.failed("mail.example.org", "cid", Proof.ENDS, "refuses");
        assertThat(hostProofs.trusts("mail.example.org", "ann", Proof.ENDS)).isTrue();
    }

    @Test
    void lost_connections_of_many_accounts_say_nothing_of_the_host() {
        for (int account = 0; account < 10; account++) {
            hostProofs.unanswered("mail.example.org", "user" + account, Proof.ENDS);
        }
        assertThat(hostProofs.trusts("mail.example.org", "user3", Proof.ENDS)).isFalse();
        assertThat(hostProofs.trusts("mail.example.org", "other", Proof.ENDS)).isTrue();
    }

    @Test
    void what_is_remembered_is_bounded_and_the_oldest_goes_first() {
        for (int i = 0; i <= HostMemory.MAX_ENTRIES; i++) {
            hostProofs.failed("host" + i, Proof.SEARCH, "refuses");
        }

        assertThat(hostProofs.trusts("host0", Proof.SEARCH)).isTrue();
        assertThat(hostProofs.trusts("host1", Proof.SEARCH)).isFalse();
        assertThat(hostProofs.trusts("host" + HostMemory.MAX_ENTRIES, Proof.SEARCH)).isFalse();
    }
}
