package dev.mailbell.mail.probe;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.Mark;
import dev.mailbell.detection.Observation;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Proof;
import dev.mailbell.mail.Protocol;

/** Checks a mailbox as the daemon's first and later checks do, to see by which proofs. */
final class ObservedTwice {
    private final MailSession session;
    private final ProbeRequest request;
    private final MailboxState unseen;
    private Mark mark = new ImapMark(1, 1, 0, 0);

    ObservedTwice(MailSession session, ProbeRequest request) {
        this.session = session;
        this.request = request;
        this.unseen = request.protocol() == Protocol.IMAP ? ImapState.UNSEEN : Pop3State.UNSEEN;
    }

    /** The first check; returns the state after it. */
    MailboxState baseline() {
        Observation seen =
                session.observe(
                        new CheckRequest(
                                request.mailbox(), null, unseen.searchFrom(null), false, null));
        Change change = unseen.after(seen, null, KnownMessages::none);
        Mark after = change.next().mark();
        if (after == null) {
            throw new MailFailure(
                    FailureCode.PROTOCOL_ERROR, "the first check of the mailbox gave no mark");
        }
        mark = after;
        return change.next();
    }

    /** What the baseline saw. */
    ProbeReport.Mailbox mailbox() {
        return mark instanceof ImapMark imap
                ? new ProbeReport.Mailbox(
                        request.mailbox(), imap.total(), imap.uidValidity(), imap.uidNext())
                : new ProbeReport.Mailbox(request.mailbox(), mark.total(), 0, 0);
    }

    boolean isApproximate() {
        return switch (mark) {
            case ImapMark imap -> imap.approximate();
            case Pop3Mark pop3 -> pop3.approximate();
        };
    }

    /**
     * A later check of the mailbox.
     *
     * @param exhaustive whether shortcuts for an unchanged mailbox are forbidden
     * @return the name of the proof that held
     */
    String again(MailboxState state, boolean exhaustive) {
        session.observe(
                new CheckRequest(
                        request.mailbox(), state.mark(), state.searchFrom(null), exhaustive, null));
        return session.proof().map(Proof::wireName).orElse("");
    }
}
