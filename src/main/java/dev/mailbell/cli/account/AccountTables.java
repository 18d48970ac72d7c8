package dev.mailbell.cli.account;

import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.Output;
import dev.mailbell.cli.terminal.Column;
import dev.mailbell.cli.terminal.Table;
import tools.jackson.databind.JsonNode;

/** Accounts, their mailboxes and checks as tables. */
final class AccountTables {
    private AccountTables() {}

    static Table accounts(Output output) {
        return output.table(
                Column.whole("ID"),
                Column.text("STATE", 10),
                Column.whole("MODE").droppedAs(3),
                Column.text("ADDRESS", 16),
                Column.text("REF", 8).droppedAs(4),
                Column.text("HOST", 12).droppedAs(2),
                Column.whole("CHECKED").droppedAs(1));
    }

    static Table.Cell[] account(JsonNode account) {
        return new Table.Cell[] {
            Table.Cell.of(Documents.text(account, "id")),
            Accounts.state(account),
            Table.Cell.of(Documents.text(account, "mode")),
            Table.Cell.of(Documents.text(account, "address")),
            Table.Cell.of(Documents.text(account, "ref")),
            Table.Cell.of(Documents.text(account, "mail", "host")),
            Table.Cell.of(Documents.instant(account, "lastCheckedAt"))
        };
    }

    static Table mailboxes(Output output) {
        return output.table(
                Column.text("MAILBOX", 8),
                Column.whole("TOTAL"),
                Column.whole("PENDING"),
                Column.whole("ANNOUNCED UID"),
                Column.whole("FETCHED UID").droppedAs(2),
                Column.whole("CHECKED").droppedAs(1));
    }

    static Table.Cell[] mailbox(JsonNode mailbox) {
        return new Table.Cell[] {
            Table.Cell.of(Documents.text(mailbox, "name")),
            Table.Cell.of(Documents.text(mailbox, "total")),
            Table.Cell.of(Documents.text(mailbox, "pendingCount")),
            Table.Cell.of(Documents.text(mailbox, "notified", "uid")),
            Table.Cell.of(Documents.text(mailbox, "client", "uid")),
            Table.Cell.of(Documents.instant(mailbox, "lastCheckedAt"))
        };
    }

    /** What a check of an account found. */
    static void check(Output output, JsonNode answer) {
        Table table =
                output.table(
                        Column.text("MAILBOX", 8),
                        Column.whole("NEW"),
                        Column.whole("PENDING"),
                        Column.whole("TOTAL"),
                        Column.whole("NOTE"));
        for (JsonNode mailbox : answer.path("mailboxes")) {
            table.row(
                    Documents.text(mailbox, "name"),
                    Documents.text(mailbox, "newCount"),
                    Documents.text(mailbox, "pendingCount"),
                    Documents.text(mailbox, "total"),
                    note(mailbox));
        }
        table.flush();
    }

    private static String note(JsonNode mailbox) {
        return mailbox.path("reset").booleanValue(false)
                ? "counting was reset"
                : mailbox.path("approximate").booleanValue(false) ? "approximate" : "";
    }
}
