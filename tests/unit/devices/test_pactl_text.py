from __future__ import annotations

from devices.pactl_text import entries, information

CARD = """Sink #4
	State: RUNNING
	Name: alsa_output.pci-0000_00_1f.3.analog-stereo
	Description: Sisäinen ääni: analoginen
	Volume: front-left: 65536 / 100% / 0.00 dB
	Base Volume: 65536 / 100% / 0.00 dB
	Properties:
		device.form_factor = "internal"
		device.description = "a = b: c"
		alsa.long_card_name = ""
	Ports:
		[Out] Headphones: Headphones (type: Headphones, priority: 200, availability unknown)
		[Out] Speaker: Speaker: left (type: Speaker, priority: 100, not available)
	Active Port: [Out] Headphones
	Formats:
		pcm
"""


def test_reads_fields_properties_and_the_active_port() -> None:
    (entry,) = entries(CARD)
    assert entry.number == 4
    assert entry.text("Description") == "Sisäinen ääni: analoginen"
    assert entry.properties["device.form_factor"] == "internal"
    assert entry.properties["device.description"] == "a = b: c"
    assert entry.properties["alsa.long_card_name"] == ""
    assert (entry.port, entry.port_type) == ("[Out] Headphones", "Headphones")
    assert "pcm" not in entry.ports


def test_a_server_that_gives_no_type_of_a_port() -> None:
    (entry,) = entries(CARD.replace("type: Headphones, ", ""))
    assert (entry.port, entry.port_type) == ("[Out] Headphones", "")


def test_what_stands_before_the_first_entry_is_passed_over() -> None:
    assert entries("Welcome\n\tName: x\n") == []


def test_information_is_fields_alone() -> None:
    assert information("Server Name: pulseaudio\nDefault Sink: usb\n").text("Default Sink") == "usb"
    assert information("").text("Default Sink") == ""
