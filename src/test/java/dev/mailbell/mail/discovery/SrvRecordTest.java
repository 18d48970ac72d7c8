package dev.mailbell.mail.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SrvRecordTest {
    private final Random random = new Random(7);

    private String chosen(SrvRecord... records) {
        return SrvRecord.choose(List.of(records), random).map(SrvRecord::target).orElse("none");
    }

    @Test
    void a_record_is_read_as_a_zone_file_writes_it() {
        assertThat(SrvRecord.parse("0 1 993 imap.example.org."))
                .contains(new SrvRecord(0, 1, 993, "imap.example.org."));
        assertThat(new SrvRecord(0, 1, 993, "IMAP.example.org.").host())
                .contains("imap.example.org");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0 1 993", "a b c d", "0 1 99999999999 x.", "1 2 3 4 5"})
    void anything_else_is_no_record(String text) {
        assertThat(SrvRecord.parse(text)).isEmpty();
    }

    @Test
    void the_lowest_priority_wins_whatever_the_weights() {
        assertThat(chosen(new SrvRecord(10, 999, 993, "b."), new SrvRecord(1, 0, 993, "a.")))
                .isEqualTo("a.");
    }

    @Test
    void equals_share_by_weight_and_weight_nought_is_rare_but_possible() {
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            counts.merge(
                    chosen(
                            new SrvRecord(1, 3, 993, "three."),
                            new SrvRecord(1, 1, 993, "one."),
                            new SrvRecord(1, 0, 993, "nought.")),
                    1,
                    Integer::sum);
        }
        assertThat(counts.get("three.")).as("seed 7").isBetween(14_500, 15_500);
        assertThat(counts.get("one.")).as("seed 7").isBetween(4_500, 5_500);
        assertThat(counts.get("nought.")).as("seed 7").isBetween(10, 150);
    }

    @Test
    void what_cannot_be_connected_to_is_never_chosen() {
        assertThat(
                        chosen(
                                new SrvRecord(0, 0, 993, "."),
                                new SrvRecord(0, 0, 0, "a.example."),
                                new SrvRecord(0, 0, 993, "10.0.0.1."),
                                new SrvRecord(0, 0, 993, "not a host.")))
                .isEqualTo("none");
        assertThat(SrvRecord.choose(List.of(), random)).isEmpty();
    }
}
