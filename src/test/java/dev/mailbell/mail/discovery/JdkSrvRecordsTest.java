package dev.mailbell.mail.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JdkSrvRecordsTest {
    private static final String NAME = "_imaps._tcp.example.org";

    private FakeDns dns;
    private JdkSrvRecords records;

    @BeforeEach
    void start() throws IOException {
        dns = new FakeDns();
        records = new JdkSrvRecords(dns.url());
    }

    @AfterEach
    void stop() {
        dns.close();
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(60));
    }

    @Test
    void records_are_read_off_the_wire() throws IOException {
        dns.add(
                NAME,
                new SrvRecord(0, 5, 993, "imap.example.org"),
                new SrvRecord(10, 0, 1993, "second.example.org"));

        assertThat(records.lookup(NAME, soon()))
                .containsExactlyInAnyOrder(
                        new SrvRecord(0, 5, 993, "imap.example.org."),
                        new SrvRecord(10, 0, 1993, "second.example.org."));
    }

    @Test
    void the_root_as_target_means_not_offered() throws IOException {
        dns.add(NAME, new SrvRecord(0, 0, 0, ""));

        assertThat(records.lookup(NAME, soon())).singleElement().matches(SrvRecord::isNotOffered);
    }

    @Test
    void a_name_that_does_not_exist_and_one_without_records_have_none() throws IOException {
        dns.add(NAME);

        assertThat(records.lookup(NAME, soon())).isEmpty();
        assertThat(records.lookup("_imaps._tcp.nowhere.example", soon())).isEmpty();
    }

    @Test
    void a_failing_name_server_is_no_answer() {
        dns.fail();

        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> records.lookup(NAME, soon()))
                .withMessageContaining(NAME);
    }

    @Test
    void a_silent_name_server_is_waited_for_until_the_deadline() {
        dns.keepSilent();

        assertThatExceptionOfType(SocketTimeoutException.class)
                .isThrownBy(() -> records.lookup(NAME, Deadline.after(Duration.ofMillis(100))))
                .withMessageContaining(NAME);
    }
}
