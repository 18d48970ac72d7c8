package dev.mailbell.mail.imap.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.imap.protocol.ParenthesizedData.Group;
import dev.mailbell.mail.imap.protocol.ParenthesizedData.Text;
import org.junit.jupiter.api.Test;

class ParenthesizedDataTest {

    @Test
    void atoms_strings_literals_nil_and_lists_are_distinguished() {
        Group items =
                ParenthesizedData.parse("a \"b \\\"c\\\" \\\\\" {3}\r\n) ( NIL (nil \"NIL\")");
        assertThat(items.items().subList(0, 3))
                .containsExactly(new Text("a"), new Text("b \"c\" \\"), new Text(") ("));
        assertThat(items.items().get(3)).isNull();
        assertThat(((Group) items.items().get(4)).items()).containsExactly(null, new Text("NIL"));
    }

    @Test
    void a_value_is_found_by_name_whatever_stands_before_it() {
        Group items = ParenthesizedData.parse("FLAGS (UID \\Seen) X \"uid\" Uid 4294967295 Y");
        assertThat(items.number("UID")).isEqualTo(4_294_967_295L);
        assertThat(items.number("Y")).isEqualTo(-1);
        assertThat(items.number("X")).isEqualTo(-1);
    }

    @Test
    void what_is_nested_too_deep_or_cut_off_holds_nothing() {
        assertThat(ParenthesizedData.parse("(".repeat(100_000)).items()).isEmpty();
        assertThat(ParenthesizedData.parse("(UID 5").items()).isEmpty();
        assertThat(ParenthesizedData.parse("{99}\r\nabc").items()).containsExactly(new Text(""));
        assertThat(ParenthesizedData.parse("\"abc").items()).containsExactly(new Text("abc"));
    }
}
