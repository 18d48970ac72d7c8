package dev.mailbell.ui.account;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of one account.
 *
 * @param href the path of its page
 * @param fault why the action before was not carried out; null for nothing
 * @param findings what explains that mail is or is not announced, the gravest first
 * @param facts names and values
 * @param mayAct whether its actions are offered
 * @param paused whether it is paused
 * @param interval the interval that it asks for; empty for the configured one
 * @param checks how its latest checks went
 * @param checksKnown false when the node that checks it does not answer
 * @param events its latest events; null when the key may not see them
 */
public record AccountView(
        String href,
        String address,
        Badge state,
        @Nullable String fault,
        List<Finding> findings,
        List<Fact> facts,
        Times times,
        boolean mayAct,
        boolean paused,
        String interval,
        List<Choice> intervals,
        List<MailboxRow> mailboxes,
        List<CheckRow> checks,
        boolean checksKnown,
        @Nullable List<EventRow> events) {
    public AccountView {
        findings = List.copyOf(findings);
        facts = List.copyOf(facts);
        intervals = List.copyOf(intervals);
        mailboxes = List.copyOf(mailboxes);
        checks = List.copyOf(checks);
        events = events == null ? null : List.copyOf(events);
    }

    /** A setting or what is known, and its value. */
    public record Fact(String name, String value) {}

    /** When it was and is checked. */
    public record Times(
            @Nullable Instant lastCheckedAt,
            @Nullable Instant nextCheckAt,
            Instant stateSince,
            Instant createdAt) {}

    /**
     * A sentence on the account, and what to do.
     *
     * @param kind {@code good}, {@code warn}, {@code bad} or empty
     * @param advice empty for nothing
     */
    public record Finding(String kind, String what, String advice) {}

    /** An interval that may be chosen. */
    public record Choice(String value, String label) {}

    /**
     * A watched mailbox.
     *
     * @param mark the last message that was counted
     * @param position the last message that the client has; null until it said
     */
    public record MailboxRow(
            String name,
            String total,
            String mark,
            @Nullable String position,
            String pending,
            boolean approximate,
            @Nullable Instant changedAt) {}

    /**
     * Checks in a row that went alike.
     *
     * @param what what they found or why they failed
     * @param advice empty for none
     */
    public record CheckRow(
            Instant startedAt,
            String took,
            String cause,
            Badge result,
            String what,
            String advice,
            int times,
            Instant firstAt) {}

    /**
     * An event and its deliveries.
     *
     * @param deliveries null when the key may not see them
     */
    public record EventRow(
            Instant at, String type, String what, @Nullable List<DeliveryRow> deliveries) {}

    /**
     * A delivery of an event to a webhook.
     *
     * @param error of the last attempt; null for none
     */
    public record DeliveryRow(
            String href, String url, Badge status, int attempts, @Nullable String error) {}
}
