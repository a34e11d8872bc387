# frozen_string_literal: true

# docs/compatibility.md names the pinned version of usesmileid and each of its public methods.
require 'minitest/autorun'
require 'usesmileid'

class CompatibilityTableTest < Minitest::Test
  def test_each_method_is_in_the_table
    document = File.read(File.expand_path('../../../../docs/compatibility.md', __dir__))
    section = document.split("\n## ").find { |text| text.start_with?('v3 in Ruby: ') }
    assert section.start_with?("v3 in Ruby: usesmileid #{SmileID::VERSION}\n")
    resources = SmileID::Resources.constants.map { |name| SmileID::Resources.const_get(name) } - [SmileID::Resources::Base]
    methods = resources.flat_map do |resource|
      # EnhancedKyc is reached as enhanced_kyc.
      called = resource.name.split('::').last.gsub(/(?<!^)([A-Z])/, '_\1').downcase
      assert_includes SmileID::Client.public_instance_methods(false), called.to_sym
      resource.public_instance_methods(false).map { |method| "#{called}.#{method}" }
    end
    assert_includes methods, 'biometric.enroll'
    assert_empty(methods.reject { |method| section.include?("`#{method}`") })
  end
end
