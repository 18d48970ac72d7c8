package dev.mailbell.mail.imap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.mail.imap.Items.Group;
import dev.mailbell.mail.imap.Items.Text;
import org.junit.jupiter.api.Test;

class ItemsTest {

    @Test
    void atoms_strings_literals_nil_and_lists_are_told_apart() {
        Group items = Items.parse("a \"b \\\"c\\\" \\\\\" {3}\r\n) ( NIL (nil \"NIL\")");
        assertThat(items.items().subList(0, 3))
                .containsExactly(new Text("a"), new Text("b \"c\" \\"), new Text(") ("));
        assertThat(items.items().get(3)).isNull();
        assertThat(((Group) items.items().get(4)).items()).containsExactly(null, new Text("NIL"));
    }

    @Test
    void a_value_is_found_by_name_whatever_stands_before_it() {
        Group items = Items.parse("FLAGS (UID \\Seen) X \"uid\" Uid 4294967295 Y");
        assertThat(items.number("UID")).isEqualTo(4_294_967_295L);
        assertThat(items.number("Y")).isEqualTo(-1);
        assertThat(items.number("X")).isEqualTo(-1);
    }

    @Test
    void what_is_nested_too_deep_or_cut_off_holds_nothing() {
        assertThat(Items.parse("(".repeat(100_000)).items()).isEmpty();
        assertThat(Items.parse("(UID 5").items()).isEmpty();
        assertThat(Items.parse("{99}\r\nabc").items()).containsExactly(new Text(""));
        assertThat(Items.parse("\"abc").items()).containsExactly(new Text("abc"));
    }
}
