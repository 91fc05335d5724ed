#!/usr/bin/env perl
# Reads TAP as `prove` does, and prints the counts and the first errors of the parser as one line of JSON.
use strict;
use warnings;
use JSON::PP;
use TAP::Parser;

local $/;
open my $file, '<', $ARGV[0] or die "cannot read $ARGV[0]: $!";
my $parser = TAP::Parser->new({ tap => scalar <$file> });
$parser->run;
print encode_json({
    version => $parser->version,
    passed  => scalar(my @passed = $parser->passed),
    failed  => scalar(my @failed = $parser->failed),
    skipped => scalar(my @skipped = $parser->skipped),
    todo    => scalar(my @todo = $parser->todo),
    errors  => [$parser->parse_errors],
    plan    => $parser->plan,
}), "\n";
