package dev.mailbell.detection;

/** What one look saw of a mailbox; immutable. */
public sealed interface Observation permits ImapObservation, Pop3Observation {}
